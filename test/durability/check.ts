import assert from 'node:assert/strict';
import { bloomreach, leanplum, type Target } from '../support/requests.ts';
import { type StoredLine, storedLines } from '../support/stored-lines.ts';
import type { Item, Ledger } from './ledger.ts';

/** Compares the ledger with the disk (all lines) and with what the server tells (of the users named). */
export async function checkEverything(ledger: Ledger, server: Stored, users = ledger.users()): Promise<void> {
  const stored = checkLines(ledger, await storedLines(server.dataFolder));
  for (const user of users) await checkUser(user, stored.get(user) ?? [], ledger, server);
}

interface Stored extends Target {
  readonly dataFolder: string;
}

/** Counts the items in the lines, and returns those found, by user, in the order of the lines. */
export function checkLines(ledger: Ledger, lines: readonly StoredLine[]): Map<string, Item[]> {
  const byUser = new Map<string, Item[]>();
  const profileOf = new Map<string, StoredLine['profile']>();
  const found = new Set<Item>();
  const lineIds = new Set<StoredLine['id']>();
  for (const line of lines) {
    assert.ok(!lineIds.has(line.id), `two lines have the id ${line.id}`);
    lineIds.add(line.id);
    if (line.kind !== 'event') continue;
    const item = ledger.items[Number(line.params?.['n'])];
    assert.ok(item !== undefined, `nobody sent this line: ${JSON.stringify(line)}`);
    assert.ok(!found.has(item), `stored twice: ${describe(item)}`);
    found.add(item);
    assert.equal(line.name, item.eventName, `a line of another event: ${describe(item)}`);
    const profile = profileOf.get(item.user) ?? line.profile;
    assert.equal(line.profile, profile, `the user has two profiles: ${describe(item)}`);
    profileOf.set(item.user, profile);
    byUser.get(item.user)?.push(item) ?? byUser.set(item.user, [item]);
  }
  assert.equal(new Set(profileOf.values()).size, profileOf.size, 'two users share a profile');
  for (const item of ledger.items) {
    if (item.fate === 'acknowledged') assert.ok(found.has(item), `acknowledged and lost: ${describe(item)}`);
    if (item.fate === 'refused') assert.ok(!found.has(item), `refused and stored: ${describe(item)}`);
  }
  for (const items of byUser.values()) checkOrder(items);
  return byUser;
}

/** A client sends its next request when it has the answer to the last one, so its numbers arrive in order. */
function checkOrder(items: readonly Item[]): void {
  for (const [index, item] of items.entries()) {
    const earlier = items[index - 1];
    if (earlier === undefined || earlier.sequence < item.sequence) continue;
    assert.fail(`out of order: ${describe(item)} stands behind ${describe(earlier)}`);
  }
}

/** Both read-backs of one user must tell the same as the lines. */
async function checkUser(
  user: string,
  stored: readonly Item[],
  ledger: Ledger,
  server: Stored,
): Promise<void> {
  const last = ledger.lastAttributes.get(user);
  if (stored.length === 0 && last === undefined) return;

  const exported = await leanplum(server, { action: 'exportUser', userId: user }, { key: 'dataExport' });
  const element = exported.body.response[0];
  const counts = Object.entries(element?.events ?? {}).map(([name, event]) => [name, event.count]);
  assert.deepEqual(Object.fromEntries(counts), countsOf(stored), `counters of ${user}: ${exported.text}`);
  assert.equal(element?.userAttributes?.['last'], last, `attribute of ${user}: ${exported.text}`);

  const one = await bloomreach(server, '/data/v2/projects/{token}/customers/export-one', {
    customer_ids: { registered: user },
  });
  const numbers = one.body.events?.map((event) => Number(event.properties['n'])).sort((a, b) => a - b);
  assert.deepEqual(
    numbers,
    stored.map((item) => item.number).sort((a, b) => a - b),
    `history of ${user}`,
  );
  assert.equal(one.body.properties?.['last'], last, `property of ${user}: ${one.text.slice(0, 500)}`);
}

function countsOf(items: readonly Item[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[item.eventName] = (counts[item.eventName] ?? 0) + 1;
  return counts;
}

function describe(item: Item): string {
  return JSON.stringify(item);
}
