/**
 * A profile is the fold of its lines (decisions 1 and 2): whatever the traffic, reading back the stored text of every
 * line and bringing a profile from one to the next gives the profile that `apply` left, down to its document.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Json, JsonObject } from '../lib/json.ts';
import { apply } from './apply.ts';
import type { Command } from './command.ts';
import { evolve } from './evolve.ts';
import type { NamedIdentity } from './identity.ts';
import { type EventId, firstEventId, type IdentityId, type ProfileId, type ProjectId } from './ids.ts';
import { softIdsMax } from './limits.ts';
import { type Line, personalKinds, writeLine } from './line.ts';
import { type IdentityKind, isHard, isKeptByUse, newProfile, type Profile } from './profile.ts';
import { copyProfile, readPerson, readProfile, writeProfile } from './profile-document.ts';
import { readLine } from './read-line.ts';
import { timerOf } from './session-table.ts';

/** What the engine and the store do around `apply`, and the lines as they are stored. */
class World {
  readonly profiles = new Map<ProfileId, Profile>();
  readonly owners = new Map<string, ProfileId>();
  readonly values = new Map<IdentityId, string>();
  readonly lines = new Map<ProfileId, string[]>();
  #next = firstEventId as number;

  do(nowMs: number, command: Command): void {
    const found = this.#find(command);
    const context = { project: 1 as ProjectId, nowMs, nextEvent: this.#next as EventId };
    const { profile, others, gone, lines, namings, erasures, outcome } = apply(found, command, context);

    assert.notEqual(outcome.code, 'failed');
    this.#next += lines.length;
    if (profile === undefined) return;
    for (const each of [profile, ...others]) this.profiles.set(each.id, each);
    for (const { id } of gone) this.profiles.delete(id);
    for (const naming of namings) {
      this.values.set(naming.id, naming.value);
      if (naming.profile === undefined) this.owners.delete(keyOf(naming));
      else this.owners.set(keyOf(naming), naming.profile.id);
    }
    for (const line of lines) {
      const stored = this.lines.get(line.profile) ?? [];
      this.lines.set(line.profile, stored);
      stored.push(writeLine(line));
    }
    for (const { profile: of, upTo, scope } of erasures) {
      const isTaken = (line: Line) =>
        line.id <= upTo && (scope === 'all' || personalKinds.some((it) => it === line.kind));
      const kept = (this.lines.get(of) ?? []).filter((text) => !isTaken(readLine(text)));
      this.lines.set(of, kept);
    }
  }

  #find(command: Command): (Profile | undefined)[] {
    if (command.kind === 'pass_time') return [this.profiles.get(command.profile)];
    return command.ids.map((id) => {
      const owner = this.owners.get(keyOf(id));
      return owner === undefined ? undefined : this.profiles.get(owner);
    });
  }

  /** Every timer that is due, as its command. */
  fireTimers(nowMs: number): void {
    for (const { id, timerMs } of [...this.profiles.values()]) {
      if (timerMs === null || timerMs >= nowMs) continue;
      this.do(nowMs, { kind: 'pass_time', ids: [], create: false, profile: id, dueMs: timerMs });
    }
  }

  /** The profiles leave memory and come back when they are asked for. */
  evict(): void {
    for (const [id, profile] of this.profiles) this.profiles.set(id, readProfile(writeProfile(profile)));
  }

  /** Every id names the one profile that has it, and that profile knows. */
  checkPartition(): void {
    const current = [...this.profiles.values()].flatMap((profile) =>
      profile.identities.filter((it) => !it.away).map((it) => [keyOf(it), profile.id] as const),
    );
    assert.deepEqual(new Map(current), this.owners);
    assert.equal(current.length, this.owners.size, 'nobody else has it');
    for (const { identities } of this.profiles.values()) {
      for (const [kind, own] of Map.groupBy(identities, (it) => it.kind)) {
        if (isHard(kind)) assert.equal(own.length, 1, kind);
        if (isKeptByUse(kind)) assert.ok(own.length <= softIdsMax, kind);
      }
      assert.equal(new Set(identities.map(keyOf)).size, identities.length);
    }
  }

  fold(id: ProfileId): Profile {
    const lookUp = (identity: IdentityId) => this.values.get(identity) ?? assert.fail('an unknown identity');
    let profile: Profile | undefined;
    for (const text of this.lines.get(id) ?? []) profile = evolve(profile, readLine(text), lookUp);
    assert.ok(profile !== undefined);
    return profile;
  }
}

function keyOf({ kind, value }: { kind: IdentityKind; value: string }): string {
  return `${kind} ${value}`;
}

// --- Names and values as hostile as the wire lets them through ------------------------------------------------------

/** What means something to JavaScript, to JSON, or to the document of a profile. */
const hostileText = [
  '__proto__',
  'constructor',
  'toString',
  '',
  '0',
  '-1',
  '👩‍👩‍👧',
  'é\u0000\n\u2028"\\',
  'identities',
  'attributes',
  'counters',
  ',"identities":[',
  ',"attributes":[',
  ',"counters":[',
  '","counters":[],"x":"',
  '"}\n{"v":1',
];
const text = fc.oneof(
  { arbitrary: fc.constantFrom(...hostileText), weight: 3 },
  { arbitrary: fc.string({ unit: 'binary', maxLength: 8 }), weight: 1 },
);
const number = fc.oneof(
  fc.constantFrom(0, -0, 1, 0.1, Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324, 2 ** 53 + 2, 1e21, 1e-7),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
/** As JSON.parse makes objects: every name is a member of its own, also `__proto__`. */
const objectOf = (value: fc.Arbitrary<Json>): fc.Arbitrary<JsonObject> =>
  fc.array(fc.tuple(text, value), { maxLength: 4 }).map((entries) => Object.fromEntries(entries));
const leaf = fc.oneof(text, number, fc.boolean(), fc.constant(null));
const value: fc.Arbitrary<Json> = fc.oneof(
  { arbitrary: leaf, weight: 4 },
  { arbitrary: fc.array(leaf, { maxLength: 3 }), weight: 1 },
  { arbitrary: objectOf(fc.oneof(leaf, objectOf(leaf))), weight: 1 },
);

// --- Traffic of a few users who share devices and cookies -----------------------------------------------------------

const id = (kind: IdentityKind, ...values: string[]): fc.Arbitrary<NamedIdentity> =>
  fc.record({ kind: fc.constant(kind), value: fc.constantFrom(...values), attach: fc.boolean() });
const someIds = fc
  .tuple(
    fc.option(id('user', 'ann', '__proto__', ',"attributes":[')),
    fc.option(id('hard:email', 'a@', 'b@')),
    fc.option(id('device', 'phone', '👾')),
    fc.array(id('cookie', 'c1', 'c2', '","counters":'), { maxLength: 2 }),
    fc.array(id('soft:ga', 'c1', 'g'), { maxLength: 2 }),
  )
  .map(([user, email, device, cookies, others]) => {
    const ids = [user, email, device, ...cookies, ...others].filter((it) => it !== null);
    const unique = new Map(ids.map((it) => [keyOf(it), it]));
    return unique.size === 0 ? [{ kind: 'user' as const, value: 'ann', attach: true }] : [...unique.values()];
  });
/** Three of these are more cookies than a profile keeps. */
const manyIds = fc.nat(3).map((group): NamedIdentity[] => {
  const cookies = Array.from({ length: 30 }, (_, n) => `${group}-${n}`);
  return [...cookies.map((it) => ({ kind: 'cookie' as const, value: it, attach: true })), named('ann')];
});
const named = (value: string): NamedIdentity => ({ kind: 'user', value, attach: true });

const timeSec = fc.option(
  fc.oneof(fc.constantFrom(0, -0, 5, 5.25, 1_767_225_601.5, 1_767_229_200, 1e11 - 0.5, -1e15), number),
);
const base = {
  ids: fc.oneof({ arbitrary: someIds, weight: 8 }, { arbitrary: manyIds, weight: 1 }),
  create: fc.constantFrom(true, true, true, false),
  timeSec,
};
const attributes = objectOf(value).map((it) => Object.entries(it));
const facts = fc.array(fc.tuple(text, leaf), { maxLength: 2 });
const devices = fc.array(fc.record({ device: fc.constantFrom('phone', '👾', 'nobody'), facts }), {
  maxLength: 2,
});
const edits = fc.array(
  fc.oneof(
    fc.record({
      op: fc.constantFrom('add' as const, 'remove' as const),
      name: text,
      values: fc.array(leaf, { maxLength: 2 }),
    }),
    fc.record({ op: fc.constant('increment' as const), name: text, by: fc.oneof(fc.integer(), number) }),
  ),
  { maxLength: 3 },
);
const some = fc.option(fc.nat());
const overrides = fc.array(
  fc.record({
    name: text,
    count: some,
    countBy: fc.option(fc.integer()),
    value: fc.option(number),
    valueBy: fc.option(number),
    firstSec: some,
    lastSec: some,
  }),
  { maxLength: 2 },
);
const disposition = fc.constantFrom(
  {},
  {},
  { disposition: 'passive' as const },
  { disposition: 'require_active' as const },
);
const full = fc.constantFrom({}, { sessionMax: 1 });
const steering = fc.constantFrom(
  'stop' as const,
  'pause' as const,
  'resume' as const,
  'heartbeat' as const,
  'leave_state' as const,
  'pause_state' as const,
  'resume_state' as const,
);
const command: fc.Arbitrary<Command> = fc.oneof(
  fc
    .tuple(
      fc.record({
        ...base,
        kind: fc.constant('track' as const),
        name: text,
        value: fc.option(number),
        info: fc.option(text),
        params: objectOf(value),
        stamped: fc.boolean(),
      }),
      disposition,
      full,
    )
    .map(([track, more, limit]) => ({ ...track, ...more, ...limit })),
  fc.record({ ...base, kind: fc.constant('set_attributes' as const), attributes, keepNewer: fc.boolean() }),
  fc.record({
    ...base,
    kind: fc.constant('open_session' as const),
    attributes,
    facts,
    devices,
    continueOpen: fc.boolean(),
    background: fc.boolean(),
  }),
  fc.record({
    ...base,
    kind: fc.constant('update_profile' as const),
    attributes,
    edits,
    facts,
    factEdits: edits,
    devices,
    counters: fc.record({ events: overrides, states: overrides }),
    totals: fc.record({ createdMs: some, lastActiveMs: some, sessions: some, spentMs: some }),
  }),
  fc.record({ ...base, kind: fc.constant('steer_session' as const), action: steering }),
  fc
    .tuple(
      fc.record({
        ...base,
        kind: fc.constant('enter_state' as const),
        name: text,
        info: fc.option(text),
        params: objectOf(value),
      }),
      full,
    )
    .map(([enter, limit]) => ({ ...enter, ...limit })),
);
/** Some merge, and some users become others. */
const merging = fc.constantFrom({}, { merge: 'oldest' as const }, { merge: 'named' as const });
const becomes = fc.constantFrom(null, null, null, null, 'ann', 'bob', 'phone', '__proto__');
const identifying = fc.tuple(command, merging, becomes).map(([it, merge, next]): Command => {
  const ids = next === null ? it.ids : [...it.ids, { ...named(next), becomes: true as const }];
  return { ...it, ...merge, ids };
});
const step = fc.record({
  command: identifying,
  /** Mostly a little, sometimes longer than a session lives, sometimes the clock is set back. */
  passMs: fc.constantFrom(0, 1, 1000, 1000, 1_800_001, 7_200_001, -5000),
  after: fc.constantFrom('nothing', 'nothing', 'nothing', 'evict', 'write', 'fire'),
});

const passes = { numRuns: 400 };

/** What holds for the sessions of every profile at every time. */
function checkSessions(profile: Profile): void {
  const { sessions, timerMs } = profile;
  const dueMs = timerOf(profile);
  // A timer may be early, never late.
  assert.equal(timerMs === null, sessions.length === 0);
  assert.ok(timerMs === null || dueMs === null || timerMs <= dueMs);
  assert.equal(new Set(sessions.map((it) => it.device)).size, sessions.length, 'one session a device');
  for (const { openedMs, lastActiveMs, heardMs, spentMs, state } of sessions) {
    assert.ok(openedMs <= lastActiveMs && lastActiveMs <= profile.updatedMs && heardMs <= profile.updatedMs);
    assert.ok(spentMs >= 0 && spentMs <= lastActiveMs - openedMs);
    if (state !== null) assert.ok(state.spentMs <= spentMs && state.enteredMs <= lastActiveMs);
  }
}

describe('a profile is the fold of its lines', () => {
  test('whatever the traffic', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const world = new World();
        let nowMs = 1_767_225_600_000;
        for (const { command, passMs, after } of steps) {
          nowMs += passMs;
          world.do(nowMs, command);
          if (after === 'evict') world.evict();
          if (after === 'fire') world.fireTimers(nowMs);
          // A commit serialises in between, and parts of the document are kept.
          if (after === 'write') for (const profile of world.profiles.values()) writeProfile(profile);
        }
        for (const [id, profile] of world.profiles) {
          assert.equal(writeProfile(world.fold(id)), writeProfile(profile));
          checkSessions(profile);
        }
        world.checkPartition();
      }),
      passes,
    );
  });

  // 65 events that go round in the ring, and repeats of them.
  test('with its ring of fingerprints', () => {
    const world = new World();
    for (const n of [...Array(70).keys(), 3, 69, 4, 69]) {
      world.do(n, { ...stampedEvent, timeSec: 1000 - n, params: { n } });
    }
    const [profile] = world.profiles.values();
    assert.equal(profile?.counters.get('e')?.count, 72);
    assert.equal(writeProfile(world.fold(profile.id)), writeProfile(profile));
  });

  for (const [name, change] of Object.entries({
    'time -0': { timeSec: -0 },
    'parameter -0': { params: { x: -0 } },
    'nested parameter -0': { params: { x: [{ y: -0 }] } },
    'value -0': { value: -0 },
    'extreme numbers': { params: { x: Number.MAX_VALUE, y: 5e-324, z: -1e21 } },
  })) {
    test(`with a number as JSON can say it: ${name}`, () => {
      const world = new World();
      world.do(5000, { ...stampedEvent, ...change });
      const [profile] = world.profiles.values();
      assert.ok(profile !== undefined);
      assert.equal(writeProfile(world.fold(profile.id)), writeProfile(profile));
    });
  }
});

const stampedEvent = {
  kind: 'track',
  ids: [named('ann')],
  create: true,
  name: 'e',
  value: null,
  info: null,
  params: {},
  timeSec: 5,
  stamped: true,
} as const satisfies Command;

describe("a profile's document", () => {
  test('reads back as it was written, whatever the names and values', () => {
    const written = fc.record({
      identities: fc.array(text, { maxLength: 3 }),
      attributes: fc.array(fc.tuple(text, value, number), { maxLength: 5 }),
      counters: fc.array(fc.tuple(text, fc.nat(), fc.option(number), number, number), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(written, (it) => {
        const document = writeProfile(profileOf(it));
        const read = readProfile(document);
        assert.equal(writeProfile(read), document);
        const stored = JSON.parse(document);
        // In both orders: parsed when somebody asks, and written again from what was parsed.
        assert.deepEqual([...read.attributes.values()], stored.attributes);
        assert.equal(writeProfile(copyProfile(read)), document);
        read.texts.attributes = undefined;
        read.texts.identities = undefined;
        assert.equal(writeProfile(read), document);
        assert.equal(read.size, document.length);
        const { identities, attributes } = readProfile(document);
        assert.deepEqual(readPerson(document), { identities, attributes });
      }),
      passes,
    );
  });

  // Strings inside a JSON text have their quotes escaped, names of nested objects do not.
  for (const name of ['identities', 'attributes', 'counters', 'sessions', 'newest', 'prints', 'v']) {
    test(`reads an attribute whose value has a member ${name}`, () => {
      const profile = newProfile(5 as ProfileId, 1 as ProjectId, 0);
      const set: Json = { first: 1, [name]: [['x', 1, 2, 3, 4]], last: { deep: 1, [name]: 2 } };
      profile.attributes.set('plan', ['plan', set, 7]);
      const read = readProfile(writeProfile(profile));
      assert.deepEqual(read.attributes.get('plan'), ['plan', set, 7]);
      assert.deepEqual(readPerson(writeProfile(profile)).attributes.get('plan'), ['plan', set, 7]);
      assert.equal(writeProfile(read), writeProfile(profile));
    });
  }

  test('refuses what is none, or a newer one', () => {
    const document = writeProfile(newProfile(5 as ProfileId, 1 as ProjectId, 0));
    assert.throws(() => readProfile(document.replace('"v":1', '"v":2')), /version 2/);
    assert.throws(() => readPerson(document.replace('"v":1', '"v":2')), /version 1/);
    for (const damaged of [
      '',
      '{}',
      'null',
      document.slice(0, -1),
      document.replace('"counters"', '"count"'),
    ]) {
      assert.throws(() => readProfile(damaged), Error, damaged);
    }
  });
});

function profileOf(parts: {
  identities: readonly string[];
  attributes: readonly (readonly [string, Json, number])[];
  counters: readonly (readonly [string, number, number | null, number, number])[];
}): Profile {
  const profile = newProfile(firstEventId as number as ProfileId, 1 as ProjectId, 1000);
  for (const [index, value] of parts.identities.entries()) {
    profile.identities.push({ id: (firstEventId + index) as IdentityId, kind: 'cookie', value });
  }
  for (const attribute of parts.attributes) profile.attributes.set(attribute[0], attribute);
  for (const [name, count, valueSum, firstSec, lastSec] of parts.counters) {
    profile.counters.set(name, { name, count, valueSum, firstSec, lastSec });
  }
  return profile;
}
