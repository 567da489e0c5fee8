/**
 * Who is who under random traffic over HTTP (Bloomreach contract 2.6): ids shared, stolen and merged, more soft ids than a
 * customer keeps, in every form of request, on several connections at once. What comes of it is what the rules make of the
 * steps in the order in which they were applied, and it is the fold of the lines; also beside apps that log in and switch.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { IdentityId } from '../../src/core/ids.ts';
import { type Profile, userOf } from '../../src/core/profile.ts';
import { showIds } from '../../src/dialects/bloomreach/customer-ids.ts';
import { everybody, fold, type IdKind, type Shown, valuesOf } from '../support/folded.ts';
import { freshSeed, type Random, randomFrom } from '../support/random.ts';
import { type Server, startServer } from '../support/server.ts';
import { storedLines } from '../support/stored-lines.ts';
import {
  type CustomerNames,
  Customers,
  randomStep,
  type Step,
  seenEvent,
  useClient,
} from './bloomreach-traffic.ts';
import { countedEvent, type Tally, useBackend, usePhone } from './leanplum-traffic.ts';
import { exportOne } from './wire.ts';

let server: Server;
before(async () => {
  // So few that most lines are read from sealed files.
  server = await startServer({ environment: { RAPPORT_HISTORY_LINES: '300' } });
});
after(() => server[Symbol.asyncDispose]());

const clients = 5;
const stepsPerClient = 26;

function namesOf(round: string): CustomerNames {
  const list = (count: number, name: string) =>
    Array.from({ length: count }, (_, n) => `${name} ${n} ${round}`);
  // One hard id is a number.
  const users = [...list(3, 'user'), `${round.length}${[...round].map((it) => it.charCodeAt(0)).join('')}`];
  return { users, cookies: list(24, 'cookie'), many: list(90, 'one of many') };
}

/** The steps of all clients of a round, done at the same time. */
async function run(names: CustomerNames, random: Random): Promise<Map<number, Step>> {
  const all = new Map<number, Step>();
  const work = Array.from({ length: clients }, (_, client) => {
    const own = randomFrom(random.below(2 ** 31));
    const steps = Array.from({ length: stepsPerClient }, (_unused, index) =>
      randomStep(client * stepsPerClient + index, names, own),
    );
    for (const step of steps) all.set(step.n, step);
    return useClient(server, steps, own);
  });
  await Promise.all(work);
  return all;
}

/** A profile as its lines tell it, what is exported of him, and the steps whose events are his. */
interface Read {
  readonly profile: Profile;
  readonly history: Shown['history'];
  readonly steps: readonly number[];
  readonly merges: number;
}

/** Reads everybody whom an id of a round names, and holds what is exported against the fold of the lines. */
async function readAll(ids: readonly (readonly [IdKind, string])[]): Promise<Read[]> {
  const { found, meant } = await everybody(server.dataFolder, ids);
  const values = valuesOf(found.values());
  checkPartition([...found.values()], meant);
  return Promise.all(Array.from(found.values(), (shown) => readOne(shown, values)));
}

async function readOne(shown: Shown, values: ReadonlyMap<IdentityId, string>): Promise<Read> {
  const { history } = shown;
  const profile = fold(shown, values);
  const ids = Object.fromEntries(showIds(profile));
  const isCustomer = ids['registered'] !== undefined || ids['cookie']?.length !== 0;
  if (!isCustomer) return { profile, history, steps: [], merges: 0 };
  const { registered, cookie } = ids;
  const exported = await exportOne(
    server,
    registered === undefined ? { cookie: cookie?.[0] } : { registered },
  );
  assert.deepEqual(exported.ids, ids);
  const properties = [...profile.attributes.values()].filter(([, value]) => value !== null);
  assert.deepEqual(exported.properties, Object.fromEntries(properties.map(([name, value]) => [name, value])));
  for (const name of [seenEvent, 'merge', countedEvent]) {
    const counted = exported.events.filter(({ type }) => type === name).length;
    assert.equal(profile.counters.get(name)?.count ?? 0, counted, name);
  }
  const steps = exported.events
    .filter(({ type }) => type === seenEvent)
    .map((it) => Number(it.properties['n']));
  return { profile, history, steps, merges: profile.counters.get('merge')?.count ?? 0 };
}

/** Rule 1: no two profiles hold the same id, and an id means who holds it. */
function checkPartition(found: readonly Shown[], meant: ReadonlyMap<string, number>): void {
  const held = found.flatMap(({ profile: { id: owner, identities } }) =>
    identities.filter(({ away }) => !away).map(({ kind, value }) => [`${kind} ${value}`, owner] as const),
  );
  assert.equal(new Set(held.map(([id]) => id)).size, held.length);
  assert.deepEqual(new Map(held), meant);
}

/** Rules 2 and 3: nobody, with all that became part of him, ever had two names; what was done under a name stays with it. */
function checkNames(read: readonly Read[], steps: ReadonlyMap<number, Step>): void {
  for (const { profile, history, steps: his } of read) {
    const named = history.filter((line) => line.kind === 'identity_attached' && line.name === 'user');
    assert.ok(named.length <= 1, `${named.length} names of ${profile.id}`);
    for (const n of his) {
      const { user = userOf(profile) } = steps.get(n) ?? assert.fail();
      assert.equal(user, userOf(profile), `step ${n}`);
    }
  }
}

/** The steps in the order in which they were applied, and which of them are events. */
async function applied(from: number) {
  const lines = (await storedLines(server.dataFolder)).filter(({ id }) => Number(id) >= from);
  const own = lines.filter(
    ({ kind, name, params }) =>
      ((kind === 'event' && name === seenEvent) || kind === 'attributes') && params?.['n'] !== undefined,
  );
  return own.map(({ kind, params }) => ({ n: Number(params?.['n']), isEvent: kind === 'event' }));
}

async function lastLine(): Promise<number> {
  return Number((await storedLines(server.dataFolder)).at(-1)?.id ?? 0);
}

test('who is who is what the rules make of it, and the fold of the lines', {
  timeout: 120_000,
}, async (t) => {
  const seed = freshSeed();
  t.diagnostic(`seed ${seed}`);
  const random = randomFrom(seed);
  const seen = { customers: 0, merges: 0, thefts: 0, evictions: 0 };
  for (let round = 0; round < 4; round++) {
    const names = namesOf(`m${round}`);
    const from = (await lastLine()) + 1;
    const steps = await run(names, random);
    const order = await applied(from);
    assert.deepEqual(
      order.map(({ n }) => n).sort((a, b) => a - b),
      [...steps.keys()].sort((a, b) => a - b),
    );
    const model = new Customers();
    for (const [born, { n }] of order.entries()) model.do(steps.get(n) ?? assert.fail(), born);

    const events = new Set(order.filter(({ isEvent }) => isEvent).map(({ n }) => n));
    const expected = [...model.all].map(({ user, cookies, steps: his, merges }) => ({
      ids: { ...(user !== undefined && { registered: user }), cookie: cookies },
      steps: his.filter((n) => events.has(n)).sort((a, b) => a - b),
      merges,
    }));
    const read = await readAll([
      ...names.users.map((id) => ['user', id] as const),
      ...[...names.cookies, ...names.many].map((id) => ['cookie', id] as const),
    ]);
    checkNames(read, steps);
    // Rule 4; internal ids are given in the order of creation.
    for (const { profile } of read) assert.ok(profile.parts.every((part) => part > profile.id));
    const actual = read.map((it) => ({
      ids: Object.fromEntries(showIds(it.profile)),
      steps: it.steps.toSorted((a, b) => a - b),
      merges: it.merges,
    }));
    const sorted = (all: typeof actual) =>
      all.toSorted((a, b) => (JSON.stringify(a.ids) < JSON.stringify(b.ids) ? -1 : 1));
    // Whoever lost his only soft id can be named by nobody any more.
    const isNamed = ({ ids }: (typeof actual)[number]) =>
      ids['registered'] !== undefined || ids['cookie']?.length;
    assert.deepEqual(sorted(actual), sorted(expected.filter(isNamed)), `seed ${seed}`);
    seen.customers += actual.length;
    seen.merges += actual.reduce((sum, it) => sum + it.merges, 0);
    seen.thefts += model.thefts;
    seen.evictions += model.evictions;
  }
  t.diagnostic(JSON.stringify(seen));
  for (const [what, count] of Object.entries(seen)) assert.ok(count > 0, `no ${what}: too quiet`);
});

test('beside apps whose users log in and switch', { timeout: 120_000 }, async (t) => {
  const seed = freshSeed();
  t.diagnostic(`seed ${seed}`);
  const random = randomFrom(seed);
  for (let round = 0; round < 2; round++) {
    const names = namesOf(`b${round}`);
    const { users } = names;
    const devices = Array.from({ length: 4 }, (_, n) => `phone ${n} b${round}`);
    const tally: Tally = { counted: 0 };
    const own = () => randomFrom(random.below(2 ** 31));
    const [steps] = await Promise.all([
      run(names, random),
      ...devices.map((deviceId) => usePhone(server, { deviceId, users, actions: 25 }, own(), tally)),
      useBackend(server, { users, devices, actions: 40 }, own(), tally),
    ]);
    const read = await readAll([
      ...[...users, ...devices].map((id) => ['user', id] as const),
      ...devices.map((id) => ['device', id] as const),
      ...[...names.cookies, ...names.many].map((id) => ['cookie', id] as const),
    ]);
    checkNames(read, steps);
    const counted = read.map(({ profile }) => profile.counters.get(countedEvent)?.count ?? 0);
    assert.equal(
      counted.reduce((a, b) => a + b, 0),
      tally.counted,
      `seed ${seed}: each is counted once, whoever has it now`,
    );
    assert.ok(read.some(({ merges }) => merges > 0));
  }
});
