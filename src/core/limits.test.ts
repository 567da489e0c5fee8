/** The limits of what is kept of one user: what happens when they are reached. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { noUpdate } from '../dialects/leanplum/no-update.ts';
import type { JsonObject } from '../lib/json.ts';
import { type Applied, apply } from './apply.ts';
import type { Command } from './command.ts';
import type { EventId, ProjectId } from './ids.ts';
import { fingerprintsMax, profileSizeMax, softIdsMax } from './limits.ts';
import type { IdentityKind, Profile } from './profile.ts';
import { readProfile, writeProfile } from './profile-document.ts';

/** The ids that name nobody any more. */
function lost(namings: Applied['namings']): string[] {
  return namings.filter((it) => it.profile === undefined).map((it) => it.value);
}

/** What the engine does around `apply`: who has which id, and the number of the next line. */
class World {
  readonly owners = new Map<string, Profile>();
  #next = 1;

  do(clockSec: number, command: Command): Applied {
    const found = command.ids.map((id) => this.owners.get(`${id.kind} ${id.value}`));
    const context = { project: 1 as ProjectId, nowMs: clockSec * 1000, nextEvent: this.#next as EventId };
    const applied = apply(found, command, context);
    this.#next += applied.lines.length;
    for (const { kind, value, profile } of applied.namings) {
      if (profile === undefined) this.owners.delete(`${kind} ${value}`);
      else this.owners.set(`${kind} ${value}`, profile);
    }
    return applied;
  }

  profile(id = ann): Profile {
    const profile = this.owners.get(id);
    assert.ok(profile !== undefined, `nobody is ${id}`);
    return profile;
  }
}

const ann = 'user ann';

function base(ids: string) {
  const named = ids.split(', ').map((it) => {
    const [kind, value] = it.split(' ') as [IdentityKind, string];
    return { kind, value, attach: true };
  });
  return { ids: named, create: true, timeSec: null };
}

function track(name: string, ids = ann): Command {
  return { kind: 'track', name, value: null, info: null, params: {}, stamped: false, ...base(ids) };
}

function stamped(name: string, timeSec: number): Command {
  return { ...track(name), kind: 'track', timeSec, stamped: true } as Command;
}

function setAll(attributes: JsonObject, ids = ann): Command {
  return { kind: 'set_attributes', attributes: Object.entries(attributes), keepNewer: false, ...base(ids) };
}

test(`it remembers ${fingerprintsMax} events: the oldest goes when one more comes`, () => {
  const world = new World();
  const send = (n: number) => world.do(100, stamped('buy', 1000 - n)).outcome.code;
  for (let n = 0; n < fingerprintsMax; n++) assert.equal(send(n), 'applied');
  for (let n = 0; n < fingerprintsMax; n++) assert.equal(send(n), 'duplicate', `event ${n}`);
  assert.equal(send(fingerprintsMax), 'applied');
  assert.equal(send(1), 'duplicate');
  assert.equal(send(0), 'applied', 'the oldest is forgotten');
  assert.equal(send(1), 'applied', 'and coming back it pushed out the next');
  assert.equal(send(3), 'duplicate');
  assert.equal(world.profile().fingerprints.length, fingerprintsMax * 8);
});

describe('cookies', () => {
  const touch = (cookies: string) => setAll({}, cookies);
  const many = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => `cookie c${from + n}`).join(', ');
  const cookiesOf = (world: World, by: string) =>
    world
      .profile(by)
      .identities.filter((it) => it.kind === 'cookie')
      .map((it) => it.value);

  test(`at most ${softIdsMax}: one more and the least recently used goes`, () => {
    const world = new World();
    world.do(1, touch(`user ann, device phone, ${many(0, softIdsMax)}`));
    assert.equal(cookiesOf(world, ann).length, softIdsMax);
    world.do(2, touch('cookie c0'));
    const { lines, namings } = world.do(3, touch('user ann, cookie new'));
    assert.deepEqual(
      lines.map(({ kind }) => kind),
      ['identity_detached', 'identity_attached'],
    );
    assert.deepEqual(lost(namings), ['c1']);
    const cookies = cookiesOf(world, ann);
    assert.deepEqual([cookies.length, cookies[0], ...cookies.slice(-2)], [softIdsMax, 'c2', 'c0', 'new']);
    assert.equal(world.owners.has('cookie c1'), false);
  });

  test('devices do not count, and never go', () => {
    const world = new World();
    const devices = Array.from({ length: 70 }, (_, n) => `device d${n}`).join(', ');
    world.do(1, touch(`user ann, ${devices}, ${many(0, softIdsMax)}`));
    const { namings } = world.do(2, touch('user ann, device one, cookie new'));
    assert.deepEqual(lost(namings), ['c0']);
    assert.equal(world.profile().identities.filter((it) => it.kind === 'device').length, 71);
  });

  test('as many new ones at once push out all others', () => {
    const world = new World();
    world.do(1, touch(`user ann, ${many(0, softIdsMax)}`));
    const { namings } = world.do(2, touch(`user ann, ${many(100, 100 + softIdsMax)}`));
    assert.equal(lost(namings).length, softIdsMax);
    assert.equal(cookiesOf(world, ann).length, softIdsMax);
    assert.equal(cookiesOf(world, ann)[0], 'c100');
  });

  test('every type of soft ids has its own, and the least recently used of the type goes', () => {
    const world = new World();
    const others = many(0, softIdsMax).replaceAll('cookie ', 'soft:ga ');
    world.do(1, touch(`user ann, hard:email a@, ${many(0, softIdsMax)}, ${others}`));
    assert.equal(world.profile().identities.length, 2 + 2 * softIdsMax);
    world.do(2, touch('soft:ga c0, cookie c1'));
    const { namings } = world.do(3, touch('user ann, soft:ga new, cookie new'));
    assert.deepEqual(lost(namings), ['c1', 'c0']);
    const kept = (kind: string) =>
      world
        .profile()
        .identities.filter((it) => it.kind === kind)
        .map((it) => it.value)
        .slice(-2);
    assert.deepEqual(
      [kept('soft:ga'), kept('cookie')],
      [
        ['c0', 'new'],
        ['c1', 'new'],
      ],
    );
  });

  // The user was found by it: without it, the next call of the same browser would make another user.
  test('a cookie that the command names is in use, so another one makes room', () => {
    const world = new World();
    world.do(1, touch(many(0, softIdsMax)));
    const { namings } = world.do(2, touch('cookie c0, cookie new'));
    assert.deepEqual(lost(namings), ['c1']);
  });
});

const noCounter = { count: null, countBy: null, value: null, valueBy: null, firstSec: null, lastSec: null };

test('a count stays within what is exact, however often it is raised', () => {
  const world = new World();
  const raised = { ...noCounter, name: 'e', countBy: Number.MAX_SAFE_INTEGER };
  const command = {
    kind: 'update_profile',
    ...noUpdate,
    ...base(ann),
    create: true,
    counters: { events: [raised], states: [] },
  } as const;
  for (let time = 1; time <= 3; time++) {
    assert.equal(world.do(time, command).outcome.code, 'applied');
    assert.equal(world.profile().counters.get('e')?.count, Number.MAX_SAFE_INTEGER);
  }
  world.do(4, track('e', ann));
  assert.equal(world.profile().counters.get('e')?.count, Number.MAX_SAFE_INTEGER);
  const lowered = { ...raised, countBy: -Number.MAX_SAFE_INTEGER };
  world.do(5, { ...command, counters: { events: [lowered], states: [] } });
  assert.equal(world.profile().counters.get('e')?.count, 0);
});

describe('a full profile', () => {
  const half = 'x'.repeat(profileSizeMax / 2);
  const quarter = 'x'.repeat(profileSizeMax / 4);
  const full = (): World => {
    const world = new World();
    assert.equal(world.do(1, setAll({ a: half, b: quarter }, 'user ann, cookie c')).outcome.code, 'applied');
    world.do(1, track('known'));
    return world;
  };
  const silent = (world: World, command: Command) => {
    const before = writeProfile(world.profile());
    const applied = world.do(2, command);
    assert.deepEqual([applied.outcome.code, applied.lines.length], ['profile_full', 0]);
    assert.equal(writeProfile(world.profile()), before);
  };

  test('refuses attributes that do not fit, as a whole', () => silent(full(), setAll({ c: half, small: 1 })));

  test('takes what fits, and what replaces a value by one not larger', () => {
    const world = full();
    assert.equal(world.do(2, setAll({ small: 1 })).outcome.code, 'applied');
    assert.equal(world.do(2, setAll({ a: 'y'.repeat(half.length) })).outcome.code, 'applied');
    assert.equal(world.do(2, setAll({ a: quarter, b: half })).outcome.code, 'applied');
    silent(world, setAll({ a: half }));
    assert.equal(world.do(2, setAll({ b: null })).outcome.code, 'applied');
    assert.equal(world.do(2, setAll({ a: half })).outcome.code, 'applied');
  });

  /** Texts that take more room as JSON than they were weighed at: after a load the profile is over its limit. */
  const over = (): World => {
    const world = new World();
    world.do(1, track('known', 'user ann, cookie c'));
    world.do(1, setAll({ a: '\u0001'.repeat(profileSizeMax / 2) }));
    reload(world);
    assert.ok(world.profile().size > profileSizeMax);
    return world;
  };
  const reload = (world: World) => {
    const loaded = readProfile(writeProfile(world.profile()));
    for (const id of [ann, 'cookie c']) world.owners.set(id, loaded);
  };

  test('over its limit it still counts the events it knows, and no others', () => {
    const world = over();
    assert.equal(world.do(2, track('known')).outcome.code, 'applied');
    silent(world, track('unknown'));
  });

  test('over its limit it gets no more ids', () => {
    silent(over(), track('known', 'user ann, cookie new'));
  });

  test('over its limit it takes no more attributes', () => silent(over(), setAll({ b: 1 })));

  test('over its limit it takes what it knows of counters and totals, and names the rest', () => {
    const world = over();
    const counted = (name: string) => ({ ...noCounter, name, count: 7 });
    const counters = { events: ['new', 'known'].map(counted), states: [counted('cart')] };
    const totals = { ...noUpdate.totals, sessions: 3 };
    const facts = [['city', 'Sofia']] as const;
    const command = { ...noUpdate, ...base(ann), counters, totals, facts };
    const { outcome, lines } = world.do(2, { ...command, kind: 'update_profile' });
    assert.deepEqual(outcome, {
      code: 'applied',
      offline: false,
      skipped: [],
      full: ['city', 'new', 'cart'],
    });
    assert.equal(lines.length, 1);
    const { counters: known, totalSessions } = world.profile();
    assert.deepEqual([[...known.keys()], known.get('known')?.count, totalSessions], [['known'], 7, 3]);
  });

  test('over its limit a session begins, without what is said with it', () => {
    const world = over();
    const start = { continueOpen: false, background: false, devices: [] };
    const said = { attributes: [['b', 1]] as const, facts: [['city', 'Sofia']] as const };
    const { outcome } = world.do(2, { kind: 'open_session', ...base(ann), ...start, ...said });
    assert.deepEqual(outcome, { code: 'applied', offline: false, full: ['city', 'b'] });
    assert.equal(world.profile().sessions.length, 1);
  });

  test('over its limit it can be made smaller', () => {
    const world = over();
    assert.equal(world.do(2, setAll({ a: null })).outcome.code, 'applied');
    reload(world);
    assert.equal(world.do(3, setAll({ b: 1 })).outcome.code, 'applied');
  });
});
