/** Reads what strace recorded (`-f -y`), with the order of the calls: `begin` and `end` are places in the trace. */
export function parseTrace(trace: string): Call[] {
  const calls: Call[] = [];
  const unfinished = new Map<string, Call>();
  for (const [place, line] of trace.split('\n').entries()) {
    const [, thread = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    const [, resumed] = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest) ?? [];
    const call = resumed === undefined ? startOf(rest, place) : unfinished.get(thread);
    if (call === undefined) continue;
    unfinished.delete(thread);
    if (resumed === undefined) calls.push(call);
    call.text += resumed ?? '';
    if (resumed === undefined && call.text.endsWith('<unfinished ...>')) {
      unfinished.set(thread, call);
      continue;
    }
    call.end = place;
    call.result = resultOf(call.text);
  }
  return calls;
}

export interface Call {
  name: string;
  /** The file descriptor and what it stands for, such as `23</data/rapport.sqlite-wal>`. */
  target: string;
  text: string;
  begin: number;
  /** Infinity when the call never returned. */
  end: number;
  result: number | undefined;
}

/**
 * What is wrong with the way from the disk to the answer of the one request that carries the marker; nothing when its
 * pages were synced between the last write to the WAL and the first byte of the answer.
 */
export function faultBeforeAnswer(calls: readonly Call[], marker: string): string | undefined {
  const { request, answer } = exchangeOf(calls, marker);
  if (request === undefined) return 'the request was never read';
  if (answer === undefined) return 'the request was never answered';
  if (!answer.text.includes('HTTP/1.1 200')) return `the request failed: ${answer.text}`;
  const writes = calls.filter((call) => isWalWrite(call) && call.begin < answer.begin);
  if (!writes.some((call) => call.text.includes(marker))) return 'answered before it was written to the WAL';
  const lastEnd = Math.max(...writes.map((call) => call.end));
  const sync = calls.find((call) => isWalSync(call) && call.begin > lastEnd && call.end < answer.begin);
  return sync === undefined ? 'answered before the WAL was synced' : undefined;
}

/** Reading of the request with the marker in it, and the first write to the same socket after it. */
export function exchangeOf(calls: readonly Call[], marker: string): Exchange {
  const request = calls.find((call) => isRead(call) && isSocket(call) && call.text.includes(marker));
  const answer = calls.find(
    (call) =>
      request !== undefined && isWrite(call) && call.target === request.target && call.begin > request.end,
  );
  return { request, answer };
}

export interface Exchange {
  request: Call | undefined;
  answer: Call | undefined;
}

/** The sync that made the first page with the marker durable: the first one begun after it that succeeded. */
export function commitOf(calls: readonly Call[], marker: string): Call | undefined {
  const page = calls.find((call) => isWalWrite(call) && call.text.includes(marker));
  return calls.find((call) => page !== undefined && isWalSync(call) && call.begin > page.end);
}

export function isUnfinishedWalSync(call: Call): boolean {
  return /^f(data)?sync$/.test(call.name) && call.target.endsWith('-wal>') && call.result === undefined;
}

function isWalWrite(call: Call): boolean {
  return /^pwrite/.test(call.name) && call.target.endsWith('-wal>');
}

function isWalSync(call: Call): boolean {
  return /^f(data)?sync$/.test(call.name) && call.target.endsWith('-wal>') && call.result === 0;
}

function isRead(call: Call): boolean {
  return /^(read|recv)/.test(call.name);
}

function isWrite(call: Call): boolean {
  return /^(write|send)/.test(call.name);
}

function isSocket(call: Call): boolean {
  return /<(socket|TCP)/.test(call.target);
}

function startOf(text: string, place: number): Call | undefined {
  const [, name, target] = /^(\w+)\((\d+<[^>]*>)/.exec(text) ?? [];
  if (name === undefined || target === undefined) return undefined;
  return { name, target, text, begin: place, end: Number.POSITIVE_INFINITY, result: undefined };
}

function resultOf(text: string): number | undefined {
  const [, result] = /\)\s+= (-?\d+)[^"]*$/.exec(text) ?? [];
  return result === undefined ? undefined : Number(result);
}
