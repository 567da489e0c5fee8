import { type DestinationStream, type Logger, pino } from 'pino';

/** Causes of causes that are described. */
const causesMax = 5;

/**
 * The server's log: one JSON object a line. What clients send never goes in: no body, no query string, no key. So an
 * error is described by what is known to be ours, and not by whatever it carries.
 */
export function buildLog(destination: DestinationStream): Logger {
  return pino({ name: 'rapport', serializers: { err: (error) => describeError(error) } }, destination);
}

export interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  /** Where it was thrown, without its message. */
  readonly stack: string;
  readonly cause?: DescribedError;
}

export function describeError(error: unknown, depth = 0): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'not an error', stack: '' };
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  const hasCause = cause !== undefined && depth < causesMax;
  return {
    type: error.name,
    // The message of a failed JSON.parse or of a wrong regular expression shows a piece of the text.
    message: error instanceof SyntaxError ? 'left out: it would show what was parsed' : error.message,
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    stack: framesOf(error),
    ...(hasCause && { cause: describeError(cause, depth + 1) }),
  };
}

/** V8 puts the message, which may have any number of lines, before the frames. */
function framesOf({ stack = '' }: Error): string {
  return stack
    .split('\n')
    .filter((line) => /^ {4}at .*(\.ts|\.js|node:|<anonymous>|native)/.test(line))
    .map((line) => line.trim())
    .join('\n');
}
