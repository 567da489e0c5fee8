/**
 * Who is who under random traffic over HTTP (Bloomreach contract 2.6) in a project with two hard and two soft types of ids:
 * ids shared, stolen and merged, hard ids that contradict one another, more soft ids than a customer keeps, in every form of request, on several connections at once. What comes of it is what the rules make of the
 * steps in the order in which they were applied, and it is the fold of the lines; also beside apps that log in and switch.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { IdentityId } from '../../src/core/ids.ts';
import { hardIdOf, isHard, type Profile } from '../../src/core/profile.ts';
import { readIdTypes } from '../../src/core/project/id-types.ts';
import { showIds } from '../../src/dialects/bloomreach/customer-ids.ts';
import { demoProject } from '../support/demo-project.ts';
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
  types,
  useClient,
} from './bloomreach-traffic.ts';
import { countedEvent, type Tally, useBackend, usePhone } from './leanplum-traffic.ts';
import { exportOne } from './wire.ts';

let server: Server;
before(async () => {
  // So few that most lines are read from sealed files.
  server = await startServer({
    bootstrap: { projects: [{ ...demoProject, bloomreach: { ...demoProject.bloomreach, ids: types } }] },
    environment: { RAPPORT_HISTORY_LINES: '300' },
  });
});
after(() => server[Symbol.asyncDispose]());

const clients = 5;
const stepsPerClient = 26;

const idTypes = readIdTypes(types);

/** Every other round names ids of the first two types only, as in a project that has no others. */
function namesOf(kind: string, number: number): CustomerNames {
  const round = `${kind}${number}`;
  const list = (count: number, name: string) =>
    Array.from({ length: count }, (_, n) => `${name} ${n} ${round}`);
  // One hard id is a number.
  const users = [...list(3, 'user'), `${round.length}${[...round].map((it) => it.charCodeAt(0)).join('')}`];
  const emails = number % 2 === 0 ? list(4, 'email') : [];
  return { users, emails, cookies: list(24, 'cookie'), many: list(90, 'one of many') };
}

/** Every id that somebody may have, by the kind of its type. */
function everyId({ users, emails, cookies, many }: CustomerNames): (readonly [IdKind, string])[] {
  const soft = [...cookies, ...many];
  return [
    ...users.map((id) => ['user', id] as const),
    ...emails.map((id) => ['hard:email_id', id] as const),
    ...soft.map((id) => ['cookie', id] as const),
    ...(emails.length > 0 ? soft.map((id) => ['soft:google_analytics', id] as const) : []),
  ];
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
  const ids = Object.fromEntries(showIds(profile, idTypes));
  const by = Object.entries(ids).find(([, id]) => id.length > 0);
  if (by === undefined) return { profile, history, steps: [], merges: 0 };
  const exported = await exportOne(server, { [by[0]]: typeof by[1] === 'string' ? by[1] : by[1][0] });
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

/** Rules 2 and 3: nobody, with all that became part of him, ever had two names of a type; what was done under one stays with it. */
function checkNames(read: readonly Read[], steps: ReadonlyMap<number, Step>): void {
  for (const { profile, history, steps: his } of read) {
    const named = history.flatMap((line) =>
      line.kind === 'identity_attached' && isHard(line.name) ? [line.name] : [],
    );
    assert.equal(new Set(named).size, named.length, `two names of ${profile.id}`);
    for (const n of his) {
      const { hard } = steps.get(n) ?? assert.fail();
      // Of several the first one counts.
      for (const type of types.hard.filter((it) => hard.has(it)).slice(0, 1)) {
        const kind = idTypes.get(type) ?? assert.fail();
        assert.equal(hardIdOf(profile, kind), hard.get(type), `step ${n}`);
      }
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
  const seen = { customers: 0, merges: 0, thefts: 0, evictions: 0, clashes: 0 };
  for (let round = 0; round < 4; round++) {
    const names = namesOf('m', round);
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
    const expected = [...model.all].map(({ hard, soft, steps: his, merges }) => ({
      ids: Object.fromEntries<string | string[]>([
        ...types.hard.flatMap((type) => (hard.has(type) ? [[type, hard.get(type) ?? ''] as const] : [])),
        ...types.soft.map((type) => [type, soft.get(type) ?? []] as const),
      ]),
      steps: his.filter((n) => events.has(n)).sort((a, b) => a - b),
      merges,
    }));
    const read = await readAll(everyId(names));
    checkNames(read, steps);
    // Rule 4; internal ids are given in the order of creation.
    for (const { profile } of read) assert.ok(profile.parts.every((part) => part > profile.id));
    const actual = read.map((it) => ({
      ids: Object.fromEntries(showIds(it.profile, idTypes)),
      steps: it.steps.toSorted((a, b) => a - b),
      merges: it.merges,
    }));
    const sorted = (all: typeof actual) =>
      all.toSorted((a, b) => (JSON.stringify(a.ids) < JSON.stringify(b.ids) ? -1 : 1));
    // Whoever lost his only soft id can be named by nobody any more.
    const isNamed = ({ ids }: (typeof actual)[number]) => Object.values(ids).some((it) => it.length > 0);
    assert.deepEqual(sorted(actual), sorted(expected.filter(isNamed)), `seed ${seed}`);
    seen.customers += actual.length;
    seen.merges += actual.reduce((sum, it) => sum + it.merges, 0);
    seen.thefts += model.thefts;
    seen.evictions += model.evictions;
    seen.clashes += model.clashes;
  }
  t.diagnostic(JSON.stringify(seen));
  for (const [what, count] of Object.entries(seen)) assert.ok(count > 0, `no ${what}: too quiet`);
});

test('beside apps whose users log in and switch', { timeout: 120_000 }, async (t) => {
  const seed = freshSeed();
  t.diagnostic(`seed ${seed}`);
  const random = randomFrom(seed);
  for (let round = 0; round < 2; round++) {
    const names = namesOf('b', round);
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
      ...everyId(names),
      ...devices.flatMap((id) => [['user', id] as const, ['device', id] as const]),
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
