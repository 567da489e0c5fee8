import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { apply } from './apply.ts';
import type { Command } from './command.ts';
import { chooseTarget, type NamedIdentity } from './identity.ts';
import type { EventId, IdentityId, ProfileId, ProjectId } from './ids.ts';
import { type IdentityKind, newProfile, type Profile } from './profile.ts';
import { writeProfile } from './profile-document.ts';

// Who is who in all tables. `kim` and `lou` are users with a name, the anonymous ones have only soft ids; the number
// is the id, so a smaller one was created first.
const people = {
  kim: person(30, 'user kim', 'cookie kims', 'device kims'),
  lou: person(20, 'user lou', 'cookie lous', 'device lous'),
  early: person(10, 'cookie early', 'device early'),
  late: person(40, 'cookie late', 'device late'),
};
type Who = keyof typeof people | 'nobody';

function person(id: number, ...identities: string[]): Profile {
  const profile = newProfile(id as ProfileId, 1 as ProjectId, 0);
  for (const [index, text] of identities.entries()) {
    const [kind, value] = text.split(' ') as [IdentityKind, string];
    profile.identities.push({ id: (id + index + 1) as IdentityId, kind, value });
  }
  return profile;
}

/** An id as text: `kind value`; with a `?` in front it only helps to find (attach: false). */
function named(text: string): NamedIdentity {
  const [kind, value] = text.replace('?', '').split(' ') as [IdentityKind, string];
  return { kind, value, attach: !text.startsWith('?') };
}

function lookUp(ids: readonly NamedIdentity[]): (Profile | undefined)[] {
  return ids.map((id) =>
    Object.values(people).find(({ identities }) =>
      identities.some((it) => it.kind === id.kind && it.value === id.value),
    ),
  );
}

function choose(texts: readonly string[]): { who: Who; attach: string[] } {
  const ids = texts.map(named);
  const { profile, attach } = chooseTarget(ids, lookUp(ids));
  const who = (Object.keys(people) as Who[]).find((name) => name !== 'nobody' && people[name] === profile);
  return { who: who ?? 'nobody', attach: attach.map(({ kind, value }) => `${kind} ${value}`).sort() };
}

type Hard = 'none' | 'known' | 'unknown';
type Soft = 'none' | 'unknown' | 'anonymous' | 'of another user' | 'of the same user';
/** Whom it means, and which of its two ids that profile gets. */
type Cell = readonly [who: Who, ...attach: ('hard' | 'soft')[]];

const hardIds: Record<Hard, string[]> = { none: [], known: ['user kim'], unknown: ['user new'] };
const softIds: Record<Soft, (kind: 'cookie' | 'device') => string[]> = {
  none: () => [],
  unknown: (kind) => [`${kind} new`],
  anonymous: (kind) => [`${kind} early`],
  'of another user': (kind) => [`${kind} lous`],
  'of the same user': (kind) => [`${kind} kims`],
};

/** Every cell has to be there, so a new case is a decision and not an accident. */
const truth: Record<Hard, Record<Soft, Cell>> = {
  none: {
    none: ['nobody'],
    unknown: ['nobody', 'soft'],
    anonymous: ['early'],
    'of another user': ['lou'],
    'of the same user': ['kim'],
  },
  known: {
    none: ['kim'],
    unknown: ['kim', 'soft'],
    // The anonymous profile keeps its soft id: merging is not decided here.
    anonymous: ['kim'],
    'of another user': ['kim'],
    'of the same user': ['kim'],
  },
  unknown: {
    none: ['nobody', 'hard'],
    unknown: ['nobody', 'hard', 'soft'],
    // An anonymous user who now has a name.
    anonymous: ['early', 'hard'],
    // Somebody else: the hard id's user is new, and the soft id stays where it is.
    'of another user': ['nobody', 'hard'],
    'of the same user': ['nobody', 'hard'],
  },
};

describe('whom a command means: hard id × soft id', () => {
  for (const kind of ['cookie', 'device'] as const) {
    for (const [hard, row] of Object.entries(truth) as [Hard, Record<Soft, Cell>][]) {
      for (const [soft, [who, ...attach]] of Object.entries(row) as [Soft, Cell][]) {
        test(`hard id ${hard}, ${kind} ${soft}: ${[who, ...attach].join(', gets ')}`, () => {
          const ids = { hard: hardIds[hard], soft: softIds[soft](kind) };
          const expected = { who, attach: attach.flatMap((which) => ids[which]).sort() };
          assert.deepEqual(choose([...ids.hard, ...ids.soft]), expected);
          assert.deepEqual(
            choose([...ids.soft, ...ids.hard]),
            expected,
            'the order of the ids does not matter',
          );
        });
      }
    }
  }
});

const more: readonly (readonly [name: string, ids: string[], who: Who, attach: string[]])[] = [
  [
    'soft ids of several anonymous profiles: the one created first',
    ['cookie late', 'cookie early'],
    'early',
    [],
  ],
  ['the same in the other order', ['cookie early', 'cookie late'], 'early', []],
  ['over the kinds of soft ids', ['device late', 'cookie early'], 'early', []],
  [
    'without a hard id an older anonymous profile wins over a user',
    ['cookie lous', 'cookie early'],
    'early',
    [],
  ],
  [
    'without a hard id an older user wins over an anonymous profile',
    ['cookie late', 'cookie lous'],
    'lou',
    [],
  ],
  ['a soft id nobody has joins the others', ['cookie late', 'cookie new'], 'late', ['cookie new']],
  [
    'a new hard id goes to the anonymous of two',
    ['user new', 'cookie lous', 'cookie late'],
    'late',
    ['user new'],
  ],
  [
    'a new hard id goes to the oldest of several anonymous profiles',
    ['user new', 'cookie late', 'device early'],
    'early',
    ['user new'],
  ],
  [
    'a known hard id takes what is free and leaves what is taken',
    ['cookie early', 'cookie lous', 'cookie a', 'user kim', 'device b'],
    'kim',
    ['cookie a', 'device b'],
  ],
];

const helpers: typeof more = [
  ['a user id that only helps to find is not given', ['?user new', 'device early'], 'early', []],
  ['nor does it make the user a new one', ['?user new', 'device lous'], 'lou', []],
  ['it finds', ['?user kim', 'device new'], 'kim', ['device new']],
  ['and decides', ['?user kim', 'device lous'], 'kim', []],
  ['a soft id that only helps to find is not given', ['user kim', '?device new'], 'kim', []],
  ['nor to a new profile', ['user new', '?device other'], 'nobody', ['user new']],
  ['it finds an anonymous user', ['user new', '?device early'], 'early', ['user new']],
  ['only helpers, all unknown', ['?user new', '?device new'], 'nobody', []],
];

const anonymousByDevice: typeof more = [
  [
    'userId and deviceId equal and unknown: no hard id',
    ['?user phone', 'device phone'],
    'nobody',
    ['device phone'],
  ],
  ['userId and deviceId equal and known', ['?user early', 'device early'], 'early', []],
  ['only a userId, equal to an anonymous device: no hard id', ['user early', '?device early'], 'early', []],
  [
    'only a userId, equal to the device of a user with a name',
    ['user lous', '?device lous'],
    'nobody',
    ['user lous'],
  ],
  [
    'the device of another anonymous user is not his name',
    ['user late', 'device early'],
    'early',
    ['user late'],
  ],
];

for (const [title, rows] of Object.entries({ 'several ids': more, helpers, anonymousByDevice })) {
  describe(`whom a command means: ${title}`, () => {
    for (const [name, ids, who, attach] of rows) {
      test(name, () => assert.deepEqual(choose(ids), { who, attach }));
    }
  });
}

test('ids that name two profiles: only the profile of the hard id changes, and nothing moves', () => {
  const ids = ['user kim', 'cookie lous', 'device early'].map(named);
  const before = Object.fromEntries(Object.entries(people).map(([who, it]) => [who, writeProfile(it)]));
  const command: Command = {
    kind: 'track',
    ids,
    create: true,
    name: 'seen',
    value: null,
    info: null,
    params: {},
    timeSec: null,
    stamped: false,
  };
  const context = { project: 1 as ProjectId, nowMs: 1000, nextEvent: 100 as EventId };
  const { profile, attached, detached, lines } = apply(lookUp(ids), command, context);
  assert.equal(profile, people.kim);
  assert.deepEqual({ attached, detached }, { attached: [], detached: [] });
  assert.deepEqual(
    lines.map(({ kind, profile: id }) => [kind, id]),
    [['event', 30]],
  );
  for (const who of ['lou', 'early', 'late'] as const) assert.equal(writeProfile(people[who]), before[who]);
});
