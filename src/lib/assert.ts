/** Stops the process' current work when a belief about our own code is wrong. Never used on input. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Assertion failed: ${message}`);
}

/**
 * For the default branch of a switch over a union: a missing case does not compile. The error says nothing of what the
 * value holds, which may be a client's.
 */
export function unreachable(value: never): never {
  const { kind, code } = value as { kind?: unknown; code?: unknown };
  throw new Error(`Unreachable: ${String(kind ?? code ?? typeof value)}`);
}
