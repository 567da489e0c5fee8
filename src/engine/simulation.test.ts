/**
 * The engine on the real store, with time in our hands: a seed decides when requests arrive, when each read and commit
 * reaches the store, when its answer comes back, and which commits find no room. A model that applies one batch after
 * the other says what must come out.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { randomFrom } from '../../test/support/random.ts';
import { apply } from '../core/apply.ts';
import type { Command } from '../core/command.ts';
import {
  applyToContent,
  type Content,
  type ContentResult,
  noContent,
  readContent,
} from '../core/content/content.ts';
import { Names, withNames } from '../core/content/names.ts';
import { evolve } from '../core/evolve.ts';
import type { NamedIdentity } from '../core/identity.ts';
import { type EventId, firstEventId, type ProfileId, type ProjectId } from '../core/ids.ts';
import type { Line } from '../core/line.ts';
import type { Outcome } from '../core/outcome.ts';
import { historyOf, type IdentityKind, type Profile } from '../core/profile.ts';
import { readProfile, writeProfile } from '../core/profile-document.ts';
import { GatedStore, type Step } from '../storage/contract/gated-store.ts';
import { DuckHistory } from '../storage/duckdb/history.ts';
import { foldAll } from '../storage/sqlite/fold-lines.ts';
import { openWriter } from '../storage/sqlite/open.ts';
import { migrate } from '../storage/sqlite/schema.ts';
import { SqliteStore } from '../storage/sqlite/store.ts';
import type { Batch, BatchResult, ContentItem, Item } from './batch.ts';
import { readPages } from './history-pages.ts';
import { groupItemsEarly, groupsInFlightMax } from './limits.ts';
import { type IdentityKey, StoreFullError, type Timer } from './store.ts';
import { Engine } from './submit.ts';

const folder = mkdtempSync(join(tmpdir(), 'rapport-simulation-'));
const file = join(folder, 'rapport.sqlite');
const database = openWriter(file);
migrate(database);
database.close();
/** One store for all runs: each run is a project of its own and an engine of its own. */
const store = new SqliteStore(file);
const history = new DuckHistory({
  file,
  folder: join(folder, 'history'),
  sealLines: 1_000_000,
  clock: () => 0,
  lastEvent: () => store.lastEvent(),
  sealedUpTo: () => firstEventId,
  seal: (sealing) => store.seal(sealing),
});
const all = { by: 'id', order: 'asc' } as const;
let projects = 0;

after(async () => {
  await history.close();
  await store.close();
  rmSync(folder, { recursive: true });
});

// --- Traffic: few users, devices and keys, so that everything meets everything --------------------------------------

type Request = Pick<Batch, 'items' | 'content' | 'names'> & {
  readonly key?: { readonly record: string; readonly bodyHash: string };
};

const id = (kind: IdentityKind, value: string, attach = true): NamedIdentity => ({ kind, value, attach });
const user = fc.constantFrom('ann', 'bob', 'cy', 'phone');
const device = fc.constantFrom('phone', 'tablet', 'tv');
const typed = fc.constantFrom(id('hard:email', 'a@'), id('hard:email', 'b@'), id('soft:ga', 'g'));
const fewIds = fc.oneof(
  user.map((name) => [id('user', name), id('device', name, false)]),
  device.map((name) => [id('user', name, false), id('device', name)]),
  fc.tuple(user, device).map(([name, on]) => [id('user', name), id('device', on)]),
  fc.constantFrom('c1', 'c2', 'c3').map((value) => [id('cookie', value)]),
  fc
    .tuple(user, fc.constantFrom('c1', 'c2', 'c3'))
    .map(([name, value]) => [id('cookie', value), id('user', name)]),
  fc.tuple(typed, fc.constantFrom(id('user', 'ann'), id('user', 'bob'), id('device', 'tv'))),
  fc
    .uniqueArray(fc.nat(20), { minLength: 1, maxLength: 3 })
    .map((few) => few.map((n) => id('cookie', `a${n}`))),
);
/** Two of these are more cookies than a customer keeps. */
const manyCookies = fc.tuple(fc.constantFrom(null, 'ann', 'ann', 'bob'), fc.nat(2)).map(([name, group]) => {
  const cookies = Array.from({ length: 40 }, (_, n) => id('cookie', `${group}-${n}`));
  return name === null ? cookies : [id('user', name), ...cookies];
});
const ids = fc.oneof({ arbitrary: fewIds, weight: 4 }, { arbitrary: manyCookies, weight: 1 });
const timeSec = fc.option(fc.constantFrom(1_700_000_000, 1_700_000_001.5, 1_700_003_600, 2_000_000_000));
const attributes = fc
  .dictionary(fc.constantFrom('plan', 'age', '__proto__'), fc.constantFrom(1, 'pro', null, 'x'.repeat(500)))
  .map((it) => Object.entries(it));
const base = { ids, create: fc.boolean() };
const oldest = { merge: 'oldest' as const };
const merging = fc.constantFrom({}, oldest, oldest, { merge: 'named' as const });
const becomes = fc.oneof({ arbitrary: fc.constant(null), weight: 2 }, { arbitrary: user, weight: 1 });
const command: fc.Arbitrary<Command> = fc.oneof(
  fc
    .tuple(
      fc.record({
        ...base,
        kind: fc.constant('track' as const),
        name: fc.constantFrom('opened', 'bought', 'cart'),
        value: fc.option(fc.integer({ min: 0, max: 3 })),
        info: fc.constant(null),
        params: fc.constantFrom({}, { a: 1 }, { a: 2 }),
        timeSec,
        stamped: fc.boolean(),
      }),
      fc.constantFrom(
        {},
        {},
        { disposition: 'passive' as const },
        { disposition: 'require_active' as const },
      ),
    )
    .map(([track, more]) => ({ ...track, ...more })),
  fc.record({
    ...base,
    kind: fc.constant('set_attributes' as const),
    attributes,
    timeSec,
    keepNewer: fc.boolean(),
  }),
  fc.record({
    ...base,
    kind: fc.constant('open_session' as const),
    attributes,
    timeSec,
    continueOpen: fc.boolean(),
    background: fc.boolean(),
    facts: fc.constant([]),
    devices: fc.constant([]),
  }),
  fc.record({
    ...base,
    kind: fc.constant('steer_session' as const),
    action: fc.constantFrom('stop' as const, 'pause' as const, 'resume' as const, 'heartbeat' as const),
    timeSec,
  }),
  fc.record({
    ...base,
    kind: fc.constant('enter_state' as const),
    name: fc.constantFrom('cart', 'menu'),
    info: fc.constant(null),
    params: fc.constantFrom({}, { a: 1 }),
    timeSec,
  }),
  fc.oneof(
    fc.record({
      ...base,
      kind: fc.constant('erase_user' as const),
      scope: fc.constantFrom('personal' as const, 'all' as const),
    }),
    fc.record({ ...base, kind: fc.constant('block_user' as const) }),
    fc.record({ ...base, kind: fc.constant('unblock_user' as const) }),
    fc.record({
      ...base,
      kind: fc.constant('anonymize_user' as const),
      attributes: fc.constant(new Set(['plan'])),
      cookie: fc.uuid(),
    }),
  ),
  fc.record({ ...base, kind: fc.constant('find_user' as const) }),
  fc.record({ ...base, kind: fc.constant('read_profile' as const) }),
);
const pair = fc.record({
  record: fc.constantFrom('sdk/1', 'sdk/2', 'sdk/3'),
  member: fc.nat(40).map(String),
});
const identifying = fc.tuple(command, merging, becomes).map(([it, merge, next]): Command => {
  const ids = next === null ? it.ids : [...it.ids, { ...id('user', next), becomes: true as const }];
  return { ...it, ...merge, ids };
});
const item: fc.Arbitrary<Item> = fc.record({ command: identifying, pair }, { requiredKeys: ['command'] });
/** So many items that their group goes to the store although another is on its way. */
const large = fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => {
  const nobody: Item = { command: { kind: 'read_profile', ids: [id('cookie', 'nobody')], create: false } };
  return [...items, ...Array<Item>(groupItemsEarly).fill(nobody)];
});
const small = fc.array(item, { minLength: 1, maxLength: 4 });
const parts = fc.dictionary(fc.constantFrom('a', 'a.b', '__proto__'), fc.constantFrom(1, 'x'.repeat(900)), {
  maxKeys: 2,
});
const content: fc.Arbitrary<ContentItem> = fc.record(
  {
    request: fc.oneof(
      fc.constant({ do: 'read' as const }),
      fc
        .tuple(fc.constantFrom('variables' as const, 'variableKinds' as const), parts)
        .map(([part, names]) => ({
          do: 'register' as const,
          parts: { [part]: new Map(Object.entries(names)) },
        })),
      fc.constant({ do: 'remove_variables' as const, names: ['a'] }),
      fc.constantFrom('phone', 'tv').map((name) => ({
        do: 'register_device' as const,
        device: name,
        email: 'dev@example.com',
      })),
    ),
    pair,
  },
  { requiredKeys: ['request'] },
);
/** Names that the app may use. */
const few = { event: 2, state: 1, attribute: 2, param: 1, message: 1, interaction: 1 };
const request: fc.Arbitrary<Request> = fc.record(
  {
    items: fc.oneof({ arbitrary: small, weight: 3 }, { arbitrary: large, weight: 1 }),
    content: fc.array(content, { minLength: 1, maxLength: 3 }),
    names: fc.constantFrom(few, few, { ...few, event: Number.POSITIVE_INFINITY }, { property: 2 }),
    key: fc.record({
      record: fc.nat(20).map((n) => `key/${n}`),
      bodyHash: fc.constantFrom('x', 'y'),
    }),
  },
  { requiredKeys: ['items'] },
);

// --- The model ------------------------------------------------------------------------------------------------------

/** What the engine promises, in its simplest form: everything in memory, one after the other, nothing ever fails. */
class Model {
  readonly profiles = new Map<ProfileId, Profile>();
  readonly identities = new Map<string, { key: IdentityKey; profile: ProfileId }>();
  readonly #answers = new Map<string, { bodyHash: string; answer: string; seen: number }>();
  readonly #pairs = new Map<string, number>();
  content: Content = noContent;
  #lastEvent: number;

  constructor(lastEvent: EventId) {
    this.#lastEvent = lastEvent;
  }

  /** `seen`: the newest line that the answer rests on. */
  apply(batch: Batch, nowMs: number): { result: BatchResult; seen: number } {
    const { keyed } = batch;
    const known = keyed && this.#answers.get(keyed.record);
    if (known !== undefined) {
      const { answer, bodyHash, seen } = known;
      return {
        result: bodyHash === keyed?.bodyHash ? { code: 'answered', answer } : { code: 'key_reused' },
        seen,
      };
    }
    let seen = 0;
    const outcomes = batch.items.map(({ command, pair }): Outcome => {
      const mark = pair && `${pair.record}\n${pair.member}`;
      const repeated = mark === undefined ? undefined : this.#pairs.get(mark);
      if (repeated === undefined) {
        const { outcome, newest } = this.#applyCommand(command, batch, nowMs);
        seen = Math.max(seen, newest);
        if (
          mark !== undefined &&
          ['applied', 'no_session', 'session_full', 'name_skipped'].includes(outcome.code)
        )
          this.#pairs.set(mark, this.#lastEvent);
        return outcome;
      }
      seen = Math.max(seen, repeated);
      return { code: 'duplicate' };
    });
    const contents = batch.content?.map((it) => this.#applyContent(it));
    const done = { code: 'done', outcomes, ...(contents && { contents }) } as const;
    if (keyed === undefined) return { result: done, seen };
    const answer = keyed.render(outcomes, contents ?? []);
    this.#answers.set(keyed.record, { bodyHash: keyed.bodyHash, answer, seen });
    return { result: { code: 'answered', answer }, seen };
  }

  #applyContent({ request, pair }: ContentItem): ContentResult {
    const mark = pair && `${pair.record}\n${pair.member}`;
    const isRepeat = mark !== undefined && this.#pairs.has(mark);
    const result = applyToContent(this.content, isRepeat ? { do: 'read' } : request);
    this.content = result.content;
    if (mark !== undefined && !isRepeat) this.#pairs.set(mark, this.#lastEvent);
    return result;
  }

  #applyCommand(asked: Command, batch: Batch, nowMs: number): { outcome: Outcome; newest: number } {
    const { project } = batch;
    const found =
      asked.kind === 'pass_time'
        ? [this.profiles.get(asked.profile)]
        : asked.ids.map((named) => {
            const profile = this.identities.get(nameOf(named))?.profile;
            return profile === undefined ? undefined : this.profiles.get(profile);
          });
    const nextEvent = (this.#lastEvent + 1) as EventId;
    const { outcome, profile, others, gone, namings, lines, names } = apply(found, asked, {
      project,
      nowMs,
      nextEvent,
      names: batch.names && new Names(this.content, batch.names),
    });
    this.content = withNames(this.content, names);
    if ('names' in outcome) totals.skippedNames += 1;
    this.#lastEvent += lines.length;
    if (profile !== undefined) this.profiles.set(profile.id, profile);
    for (const other of others) this.profiles.set(other.id, other);
    for (const { id } of gone) this.profiles.delete(id);
    totals.gone += gone.length;
    for (const { kind, value, profile: owner } of namings) {
      const name = nameOf({ kind, value });
      if (owner === undefined) this.identities.delete(name);
      else this.identities.set(name, { key: { project, kind, value }, profile: owner.id });
    }
    const read = outcome.code === 'profile' ? outcome.profile : profile;
    return { outcome, newest: read?.lastEvent ?? 0 };
  }
}

function nameOf({ kind, value }: { kind: IdentityKind; value: string }): string {
  return `${kind}/${value}`;
}

/** A profile without the internal ids, which differ when a refused group has used up some. */
function portrait(profile: Profile): unknown {
  const values = new Map(profile.identities.map((it) => [it.id, it.value]));
  return {
    ...JSON.parse(writeProfile(profile)),
    id: null,
    last: null,
    parts: profile.parts.length,
    identities: profile.identities.map(({ kind, value, away }) => [kind, value, away]),
    sessions: profile.sessions.map(({ id: _id, device, state, ...times }) => ({
      ...times,
      device: device === null ? null : values.get(device),
      state: state && { ...state, id: null },
    })),
    pauses: profile.pauses.map((it) => [it.device === null ? null : values.get(it.device), it.atMs]),
  };
}

function describeOutcome(outcome: Outcome): unknown {
  return outcome.code === 'profile' ? { code: 'profile', profile: portrait(outcome.profile) } : outcome;
}

function describeResult(result: BatchResult): unknown {
  return result.code === 'done' ? { ...result, outcomes: result.outcomes.map(describeOutcome) } : result;
}

// --- The run --------------------------------------------------------------------------------------------------------

interface Plan {
  readonly seed: number;
  readonly cacheBytes: number;
  /** How many of ten commits find no room. */
  readonly refused: number;
  /** By draining, which writes all rows, or by a crash: the next start folds the lines that rows lack. */
  readonly ends: 'drain' | 'crash';
}

function restart(): void {
  const database = openWriter(file);
  foldAll(database);
  database.close();
}

type Choice = Step | 'submit';

interface Sent {
  readonly batch: Batch;
  readonly clockMs: number;
  result?: BatchResult;
}

const totals = {
  batches: 0,
  reads: 0,
  commits: 0,
  twoInFlight: 0,
  unavailable: 0,
  timers: 0,
  merges: 0,
  gone: 0,
  erased: 0,
  skippedNames: 0,
};
/** More than all runs together leave behind. */
const timersMax = 1_000_000;

async function simulate(requests: readonly Request[], plan: Plan): Promise<void> {
  const random = randomFrom(plan.seed);
  const project = ++projects as ProjectId;
  const model = new Model(store.lastEvent());
  const gate = new GatedStore(store);
  gate.hold('read', 'read_answer', 'commit', 'commit_answer');
  const waiting = requests.map((it) => toBatch(it, project));
  const sent: Sent[] = [];
  const problems: unknown[] = [];
  let applied = 0;
  const engine = new Engine({
    store: gate,
    clock: () => (sent[applied++] as Sent).clockMs,
    onFatal: (error) => problems.push(error),
    onBug: (error) => problems.push(error),
    cacheBytes: plan.cacheBytes,
  });

  // In some runs a thing happens at once, in others hardly ever before everything else: there the stale answers are.
  const any = () => random.pick([1, 6, 36]);
  const haste = { submit: any(), read: any(), read_answer: any(), commit: any(), commit_answer: any() };
  let clockMs = 1_700_000_000_000;
  const submit = (batch: Batch) => {
    // Mostly a second, sometimes long enough for sessions to end.
    clockMs += random.pick([0, 1_000, 1_000, 3 * 60 * 60 * 1000]);
    const entry: Sent = { batch, clockMs };
    sent.push(entry);
    const expected = plan.refused === 0 ? model.apply(batch, clockMs) : undefined;
    const check = (result: BatchResult) => {
      entry.result = result;
      if (expected !== undefined) {
        assert.deepEqual(describeResult(result), describeResult(expected.result));
        assert.ok(store.lastEvent() >= expected.seen, 'answered before what it has seen was stored');
      } else if (result.code === 'unavailable') waiting.push(batch);
    };
    engine
      .submit(batch)
      .then(check)
      .catch((problem) => problems.push(problem));
  };
  const step = (next: Step) => {
    const isRefused = next === 'commit' && random.chance(plan.refused / 10);
    if (isRefused) gate.refuse(next, new StoreFullError('no room'));
    else gate.release(next);
  };

  for (;;) {
    await gate.settle();
    if (problems.length > 0) throw problems[0];
    const steps = gate.waitingSteps();
    if (plan.refused === 0) assert.ok(gate.commitsInFlight <= groupsInFlightMax);
    if (gate.commitsInFlight === groupsInFlightMax) totals.twoInFlight += 1;
    const choices: Choice[] = waiting.length > 0 ? [...steps, 'submit'] : steps;
    if (choices.length === 0) break;
    // Internal ids are those of the model only when nothing is refused.
    if (plan.refused === 0 && random.chance(0.1)) {
      const due = (await store.dueTimers(clockMs, timersMax)).filter((it) => it.project === project);
      if (due.length > 0) submit(timerBatch(due.slice(0, 5)));
      totals.timers += due.length;
    }
    if (random.chance(0.05)) engine.writeRows().catch(() => undefined);
    const choice = random.pick(choices.flatMap((it) => Array<Choice>(haste[it]).fill(it)));
    if (choice !== 'submit') step(choice);
    else for (const batch of waiting.splice(0, random.between(1, 2))) submit(batch);
  }

  if (plan.ends === 'crash') restart();
  else {
    for (const each of ['read', 'read_answer', 'commit', 'commit_answer'] as const) gate.open(each);
    await engine.drain();
  }
  assert.ok(
    sent.every((it) => it.result !== undefined),
    'everybody is answered',
  );
  totals.reads += gate.reads;
  totals.commits += gate.commits;
  totals.batches += sent.length;
  totals.unavailable += sent.filter((it) => it.result?.code === 'unavailable').length;
  if (plan.refused > 0) replay(sent, model);
  await compareWithDisk(model, project, plan.refused === 0);
}

/** Keys and marks are the project's own, as the dialects make them. */
function toBatch({ items, content, names, key }: Request, project: ProjectId): Batch {
  const own = (record: string) => `${project}/${record}`;
  const render = (outcomes: readonly Outcome[], contents: readonly ContentResult[]) =>
    JSON.stringify([outcomes.map(describeOutcome), contents.map((it) => [...it.content.variables])]);
  const lists = new Map<string, readonly NamedIdentity[]>();
  const shared = (list: readonly NamedIdentity[]) => lists.getOrInsert(JSON.stringify(list), list);
  return {
    project,
    items: items.map(({ command, pair }) => ({
      // Neighbours that name the same user share one list of ids, as the dialects do it.
      command: { ...command, ids: shared(command.ids) },
      ...(pair && { pair: { ...pair, record: own(pair.record) } }),
    })),
    ...(content && {
      content: content.map(({ request, pair }) => ({
        request,
        ...(pair && { pair: { ...pair, record: own(pair.record) } }),
      })),
    }),
    ...(names && { names }),
    bytes: 100,
    ...(key && { keyed: { ...key, record: own(key.record), render } }),
  };
}

/** Due timers as the engine gets them; some come again before they are done with. */
function timerBatch(due: readonly Timer[]): Batch {
  const items = due.map(({ profile, dueMs }) => ({
    command: { kind: 'pass_time', ids: [], create: false, profile, dueMs } as const,
  }));
  return { project: due[0]?.project as ProjectId, items, bytes: 0 };
}

/** What was refused never happened; the rest happened in the order of arrival. */
function replay(sent: readonly Sent[], model: Model): void {
  for (const { batch, clockMs, result } of sent) {
    if (result === undefined || result.code === 'unavailable') continue;
    assert.deepEqual(describeResult(result), describeResult(model.apply(batch, clockMs).result));
  }
}

async function compareWithDisk(model: Model, project: ProjectId, exactly: boolean): Promise<void> {
  const keys = [...model.identities.values()];
  const found = await store.read({
    identities: keys.map((it) => it.key),
    profiles: [],
    records: [],
    behind: [],
    contents: [project],
  });
  const content = readContent(found.contents.map(({ part, document }) => [part, document]));
  assert.deepEqual(content, model.content);
  const documents = new Map(found.profiles.map((it) => [it.id, it.document]));
  for (const [index, { profile }] of keys.entries()) {
    const document = documents.get(found.identities[index] as ProfileId);
    const expected = model.profiles.get(profile) as Profile;
    assert.ok(document !== undefined, 'an id names a profile');
    if (exactly) assert.equal(document, writeProfile(expected));
    else assert.deepEqual(portrait(readProfile(document)), portrait(expected));
  }
  const timers = (await store.dueTimers(Number.MAX_SAFE_INTEGER, timersMax))
    .filter((it) => it.project === project)
    .map((it) => `${it.profile} ${it.dueMs}`);
  const stored = found.profiles.map((it) => readProfile(it.document));
  const lines = await linesOf(project, stored.flatMap(historyOf));
  for (const profile of stored) {
    const { id, timerMs } = profile;
    if (timerMs !== null) assert.ok(timers.includes(`${id} ${timerMs}`), 'a timer is there');
    const values = new Map(profile.identities.map((it) => [it.id, it.value]));
    const past = historyOf(profile).flatMap((of) => lines.get(of) ?? []);
    const merged = past.filter((line) => line.kind === 'merged_into').map((line) => line.profile);
    assert.deepEqual(merged.sort(), [...profile.parts].sort(), 'his past is also that of his parts');
    totals.merges += merged.length;
    totals.erased += past.filter((line) => line.kind === 'erased').length;
    let folded: Profile | undefined;
    for (const line of lines.get(id) ?? []) {
      folded = evolve(folded, line, (of) => values.get(of) ?? 'nobody');
    }
    assert.ok(folded !== undefined, 'a profile has lines');
    assert.equal(writeProfile(folded), documents.get(id), 'a profile is the fold of its lines');
  }
}

/** The lines of all these, page by page: a read of each would be most of a run. */
async function linesOf(project: ProjectId, profiles: readonly ProfileId[]): Promise<Map<ProfileId, Line[]>> {
  const lines: Line[] = [];
  const wanted = { ...all, project, profiles, upTo: store.lastEvent() };
  if (profiles.length > 0) for await (const page of readPages(history, wanted)) lines.push(...page);
  return Map.groupBy(lines, (line) => line.profile);
}

const plan = (refused: fc.Arbitrary<number>) =>
  fc.record({
    seed: fc.nat(),
    cacheBytes: fc.constantFrom(0, 0, 3_000, 10_000, 1_000_000),
    ends: fc.constantFrom('drain', 'crash'),
    refused,
  });
const requests = fc.array(request, { minLength: 1, maxLength: 60, size: 'max' });

/** Runs that would begin later are left out; one that has begun ends, since the next test uses the same store. */
function within(ms: number): typeof simulate {
  const endMs = performance.now() + ms;
  return async (...run) => {
    if (performance.now() < endMs) await simulate(...run);
  };
}

test('whatever the timing and the size of memory: answers and states are those of one after the other', async () => {
  const property = fc.asyncProperty(requests, plan(fc.constant(0)), within(60_000));
  await fc.assert(property, { numRuns: 75 });
});

test('whatever is refused for want of room: it never happened, and everything else did, once', async () => {
  const property = fc.asyncProperty(requests, plan(fc.constantFrom(1, 3, 6)), within(60_000));
  await fc.assert(property, { numRuns: 75 });
});

test('the runs above met what they look for', () => {
  assert.ok(totals.reads > 300 && totals.commits > 200, JSON.stringify(totals));
  assert.ok(totals.twoInFlight > 100 && totals.unavailable > 100, JSON.stringify(totals));
  assert.ok(totals.skippedNames > 100, JSON.stringify(totals));
  assert.ok(totals.timers > 100 && totals.merges > 20 && totals.erased > 50, JSON.stringify(totals));
});
