import type { Random } from '../support/random.ts';
import type { Connection } from './connection.ts';
import type { Fate, Item, Ledger } from './ledger.ts';
import {
  bloomreachKinds,
  type Kind,
  leanplumKinds,
  nextRequest,
  plainKinds,
  type WriteRequest,
  type Writer,
} from './requests.ts';

/** Some clients that write at the same time, each one request after the other. */
export function makeWriters(options: WriterOptions): Writer[] {
  const { count, prefix, random, ledger, padding = 0, style = 'both dialects' } = options;
  const kindsOf = (client: number): readonly Kind[] => {
    if (style === 'both dialects') return [...leanplumKinds, ...bloomreachKinds];
    if (style === 'never repeats') return plainKinds;
    return client % 2 === 0 ? leanplumKinds : bloomreachKinds;
  };
  return Array.from({ length: count }, (_, client) => ({
    users: ['a', 'b', 'c'].map((user) => `${prefix}-${client}-${user}`),
    device: `${prefix}-${client}-device`,
    kinds: kindsOf(client),
    keyedShare: style === 'never repeats' ? 0 : 0.75,
    random,
    ledger,
    padding,
  }));
}

interface WriterOptions {
  count: number;
  /** Starts the name of every user. */
  prefix: string;
  random: Random;
  ledger: Ledger;
  padding?: number;
  /** `one dialect`: the clients take turns. `never repeats`: whatever happened, without keys. */
  style?: 'both dialects' | 'one dialect' | 'never repeats';
}

/** Writes until told to stop; then the request that is on its way is brought to its end first. */
export async function write(writer: Writer, connection: Connection, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) await deliver(nextRequest(writer), writer.random, connection);
}

/** Sends a request once, or, when a repeat does no harm, until it is acknowledged, across any number of restarts. */
async function deliver(request: WriteRequest, random: Random, connection: Connection): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const outcome = await tryOnce(request, random, connection, attempt);
    if (outcome === 'acknowledged' || !request.repeatable) return settle(request.items, outcome);
  }
}

async function tryOnce(
  request: WriteRequest,
  random: Random,
  connection: Connection,
  attempt: number,
): Promise<Exclude<Fate, 'pending'>> {
  const server = await connection.server();
  const send = () => request.send(server, attempt);
  // Now and then an impatient client sends the same request a second time before the first is answered.
  const copies = request.repeatable && random.chance(0.1) ? [send(), send()] : [send()];
  const results = await Promise.allSettled(copies);
  for (const result of results) {
    if (result.status === 'fulfilled') await connection.answered(server, result.value, request.dialect);
    else if (isBrokenConnection(result.reason)) await connection.broke(server, result.reason);
    else throw result.reason;
  }
  if (results.some((result) => result.status === 'fulfilled' && result.value === 'acknowledged'))
    return 'acknowledged';
  if (results.some((result) => result.status === 'rejected')) return 'unknown';
  return connection.refusalMeans;
}

function settle(items: readonly Item[], fate: Fate): void {
  for (const item of items) item.fate = fate;
}

/** What `fetch` throws when there is nobody to connect to, or the answer never came or was cut short. */
function isBrokenConnection(error: unknown): boolean {
  return error instanceof TypeError && /^(fetch failed|terminated)$/.test(error.message);
}
