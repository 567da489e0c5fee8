import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { apply } from './apply.ts';
import type { Command, Merging } from './command.ts';
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
  // Of a project with two hard and two soft types; mia and pia have no `user`.
  mia: person(15, 'hard:email mia@', 'soft:ga mias'),
  ned: person(50, 'user ned', 'hard:email ned@', 'cookie neds', 'soft:ga neds'),
  ola: person(25, 'user ola', 'hard:email ola@'),
  pia: person(45, 'hard:email pia@', 'device pias'),
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

/** An id as text: `kind value`; with a `?` in front it only helps to find, with a `!` the user becomes that one. */
function named(text: string): NamedIdentity {
  const [kind, value] = text.replace(/^[?!]/, '').split(' ') as [IdentityKind, string];
  return { kind, value, attach: !text.startsWith('?'), ...(text.startsWith('!') && { becomes: true }) };
}

function lookUp(ids: readonly NamedIdentity[]): (Profile | undefined)[] {
  return ids.map((id) =>
    Object.values(people).find(({ identities }) =>
      identities.some((it) => it.kind === id.kind && it.value === id.value),
    ),
  );
}

interface Chosen {
  readonly who: Who;
  readonly attach: string[];
  /** Ids that he takes over, and from whom. */
  readonly take: string[];
  readonly absorb: Who[];
  readonly leaves?: Who;
}

function choose(texts: readonly string[], merge?: Merging): Chosen {
  const ids = texts.map(named);
  const { profile, attach, absorb, take, leaves } = chooseTarget(ids, lookUp(ids), merge);
  return {
    who: nameOf(profile),
    attach: attach.map(({ kind, value }) => `${kind} ${value}`).sort(),
    take: take.map(({ id, from }) => `${id.kind} ${id.value} of ${nameOf(from)}`).sort(),
    absorb: absorb.map(nameOf).sort(),
    ...(leaves && { leaves: nameOf(leaves) }),
  };
}

function nameOf(profile: Profile | undefined): Who {
  const who = (Object.keys(people) as Who[]).find((name) => name !== 'nobody' && people[name] === profile);
  return who ?? 'nobody';
}

type Hard = 'none' | 'known' | 'unknown';
type Soft = 'none' | 'unknown' | 'anonymous' | 'of another user' | 'of the same user';
/** Whom it means, which of its two ids that profile gets or takes over, and whether it absorbs the anonymous one. */
type Cell = readonly [who: Who, ...what: ('hard' | 'soft' | 'takes' | 'merges' | 'is merged')[]];
type Table = Record<Hard, Record<Soft, Cell>>;

const hardIds: Record<Hard, string[]> = { none: [], known: ['user kim'], unknown: ['user new'] };
const softIds: Record<Soft, (kind: 'cookie' | 'device') => string[]> = {
  none: () => [],
  unknown: (kind) => [`${kind} new`],
  anonymous: (kind) => [`${kind} early`],
  'of another user': (kind) => [`${kind} lous`],
  'of the same user': (kind) => [`${kind} kims`],
};

/** Every cell has to be there, so a new case is a decision and not an accident. Without merging, ids of a cookie: */
const leftAlone: Table = {
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

/** A device is handed on by a user with a name; an anonymous one keeps it. */
const handedOn: Table = {
  none: leftAlone.none,
  known: { ...leftAlone.known, 'of another user': ['kim', 'takes'] },
  unknown: {
    ...leftAlone.unknown,
    'of another user': ['nobody', 'hard', 'takes'],
    'of the same user': ['nobody', 'hard', 'takes'],
  },
};

/** Leanplum's start: the anonymous user of the device becomes the one who is named. */
const byName: Table = { ...handedOn, known: { ...handedOn.known, anonymous: ['kim', 'merges'] } };

/** Bloomreach: the older of two survives, and a soft id of somebody else is stolen. */
const oldest: Table = {
  none: leftAlone.none,
  // The anonymous profile was created first, so it is the one who stays.
  known: { ...leftAlone.known, anonymous: ['early', 'is merged'], 'of another user': ['kim', 'takes'] },
  unknown: handedOn.unknown,
};

const tables: readonly (readonly ['cookie' | 'device', Merging | undefined, Table])[] = [
  ['cookie', undefined, leftAlone],
  ['device', undefined, handedOn],
  ['cookie', 'named', leftAlone],
  ['device', 'named', byName],
  ['cookie', 'oldest', oldest],
  ['device', 'oldest', oldest],
];

for (const [kind, merge, table] of tables) {
  describe(`whom a command means: hard id × ${kind}, merging ${merge ?? 'nobody'}`, () => {
    for (const [hard, row] of Object.entries(table) as [Hard, Record<Soft, Cell>][]) {
      for (const [soft, [who, ...what]] of Object.entries(row) as [Soft, Cell][]) {
        test(`hard id ${hard}, ${kind} ${soft}: ${[who, ...what].join(', ')}`, () => {
          const ids = { hard: hardIds[hard], soft: softIds[soft](kind) };
          const holder = soft === 'of another user' ? 'lou' : 'kim';
          const expected: Chosen = {
            who,
            attach: [
              ...(what.includes('hard') ? ids.hard : []),
              ...(what.includes('soft') ? ids.soft : []),
            ].sort(),
            take: what.includes('takes') ? ids.soft.map((id) => `${id} of ${holder}`) : [],
            absorb: what.includes('merges') ? ['early'] : what.includes('is merged') ? ['kim'] : [],
          };
          assert.deepEqual(choose([...ids.hard, ...ids.soft], merge), expected);
          assert.deepEqual(
            choose([...ids.soft, ...ids.hard], merge),
            expected,
            'the order of the ids does not matter',
          );
        });
      }
    }
  });
}

type Current = 'nobody' | 'anonymous' | 'with an id';
type Next = 'exists' | 'is new' | 'is the current user';

/** Leanplum's `newUserId` (contract 7.2), from the device of the current user; every cell. */
const next: Record<Current, Record<Next, Partial<Chosen>>> = {
  nobody: {
    exists: { who: 'lou', attach: ['device new'] },
    'is new': { who: 'nobody', attach: ['device new', 'user new'] },
    'is the current user': { who: 'nobody', attach: ['device new', 'user new'] },
  },
  anonymous: {
    // Login.
    exists: { who: 'lou', absorb: ['early'] },
    // Register.
    'is new': { who: 'early', attach: ['user new'] },
    'is the current user': { who: 'early' },
  },
  'with an id': {
    // Switch.
    exists: { who: 'lou', take: ['device kims of kim'], leaves: 'kim' },
    'is new': { who: 'nobody', attach: ['user new'], take: ['device kims of kim'], leaves: 'kim' },
    'is the current user': { who: 'kim' },
  },
};
const currentIds: Record<Current, string[]> = {
  nobody: ['?user new', 'device new'],
  anonymous: ['?user early', 'device early'],
  'with an id': ['user kim', 'device kims'],
};
const nextIds: Record<Next, (current: Current) => string> = {
  exists: () => 'user lou',
  'is new': () => 'user new',
  'is the current user': (current) =>
    current === 'with an id' ? 'user kim' : current === 'anonymous' ? 'user early' : 'user new',
};

describe('whom a user becomes: current user × next user', () => {
  for (const [current, row] of Object.entries(next) as [Current, Record<Next, Partial<Chosen>>][]) {
    for (const [who, expected] of Object.entries(row) as [Next, Partial<Chosen>][]) {
      test(`${current}, the next ${who}`, () => {
        const ids = [...currentIds[current], `!${nextIds[who](current)}`];
        assert.deepEqual(choose(ids), { attach: [], take: [], absorb: [], ...expected });
      });
    }
  }

  const rest: readonly (readonly [name: string, ids: string[], Partial<Chosen>])[] = [
    ['without a device: only the session changes', ['user kim', '!user lou'], { who: 'lou', leaves: 'kim' }],
    [
      'an anonymous user who goes by the id of his device',
      ['user early', '?device early', '!user lou'],
      { who: 'lou', absorb: ['early'] },
    ],
    [
      'the same, and the id is new',
      ['user early', '?device early', '!user new'],
      { who: 'early', attach: ['user new'] },
    ],
    [
      'who names a user that was merged away is whom he has become',
      ['?user kims', 'device kims', '!user kim'],
      { who: 'kim' },
    ],
    [
      'on the device of a third user: it is the next one’s',
      ['user kim', 'device late', '!user lou'],
      { who: 'lou', absorb: ['late'], leaves: 'kim' },
    ],
    [
      'a user nobody knows, on a device that somebody has',
      ['user new', 'device kims', '!user lou'],
      { who: 'lou', take: ['device kims of kim'] },
    ],
  ];
  for (const [name, ids, expected] of rest) {
    test(name, () => assert.deepEqual(choose(ids), { attach: [], take: [], absorb: [], ...expected }));
  }
});

describe('whom a command means: several, merging into the oldest', () => {
  const rows: readonly (readonly [name: string, ids: string[], Partial<Chosen>])[] = [
    ['two anonymous', ['cookie late', 'cookie early'], { who: 'early', absorb: ['late'] }],
    ['an older anonymous one and a user', ['cookie lous', 'cookie early'], { who: 'early', absorb: ['lou'] }],
    ['an older user and an anonymous one', ['cookie late', 'cookie lous'], { who: 'lou', absorb: ['late'] }],
    [
      'two users by their cookies: the older one, who takes the other’s',
      ['cookie kims', 'cookie lous'],
      { who: 'lou', take: ['cookie kims of kim'] },
    ],
    [
      'two users and two anonymous: these join the older user, and the oldest of them survives',
      ['cookie kims', 'cookie late', 'cookie lous', 'cookie early'],
      { who: 'early', absorb: ['late', 'lou'], take: ['cookie kims of kim'] },
    ],
    [
      'a hard id decides who clashes',
      ['cookie lous', 'cookie early', 'user kim', 'cookie late', 'cookie new'],
      { who: 'early', absorb: ['kim', 'late'], take: ['cookie lous of lou'], attach: ['cookie new'] },
    ],
    [
      'a new hard id: the anonymous ones become its user',
      ['cookie lous', 'user new', 'cookie late', 'cookie early'],
      { who: 'early', absorb: ['late'], take: ['cookie lous of lou'], attach: ['user new'] },
    ],
    [
      'a new hard id that all others clash with',
      ['cookie lous', 'user new', 'cookie kims'],
      { who: 'nobody', take: ['cookie kims of kim', 'cookie lous of lou'], attach: ['user new'] },
    ],
    ['the same profile twice', ['cookie early', 'device early'], { who: 'early' }],
  ];
  for (const [name, ids, expected] of rows) {
    for (const order of [ids, [...ids].reverse()]) {
      test(`${name}: ${order.join(', ')}`, () =>
        assert.deepEqual(choose(order, 'oldest'), { attach: [], take: [], absorb: [], ...expected }));
    }
  }
});

type Choosing = readonly [name: string, ids: string[], Partial<Chosen>];

describe('several hard types, merging into the oldest', () => {
  const rows: readonly Choosing[] = [
    ['two hard ids make two profiles one', ['user kim', 'hard:email mia@'], { who: 'mia', absorb: ['kim'] }],
    ['and in the other order', ['hard:email mia@', 'user kim'], { who: 'mia', absorb: ['kim'] }],
    [
      'two who clash: the first one is meant, and no hard id is stolen',
      ['user ned', 'hard:email ola@'],
      { who: 'ned' },
    ],
    ['the other one first', ['hard:email ola@', 'user ned'], { who: 'ola' }],
    [
      'of the one who is not meant the soft ids are stolen',
      ['user ola', 'hard:email ned@', 'cookie neds', 'soft:ga neds', 'soft:ga new'],
      { who: 'ola', take: ['cookie neds of ned', 'soft:ga neds of ned'], attach: ['soft:ga new'] },
    ],
    [
      'a further hard id is given',
      ['user kim', 'hard:email new'],
      { who: 'kim', attach: ['hard:email new'] },
    ],
    ['not to somebody who has another one', ['user ned', 'hard:email new'], { who: 'ned' }],
    [
      'nor the first type, to somebody named by the second',
      ['user new', 'hard:email ned@', 'cookie new'],
      { who: 'nobody', attach: ['cookie new', 'user new'] },
    ],
    ['whoever has none gets it', ['user new', 'hard:email mia@'], { who: 'mia', attach: ['user new'] }],
    [
      'a new one of each type',
      ['user new', 'hard:email new', 'cookie early'],
      { who: 'early', attach: ['hard:email new', 'user new'] },
    ],
    [
      'a new one keeps apart as a known one does',
      ['hard:email new', 'cookie kims', 'soft:ga mias'],
      { who: 'kim', take: ['soft:ga mias of mia'], attach: ['hard:email new'] },
    ],
    [
      'a soft id of somebody with another type: one profile',
      ['hard:email mia@', 'cookie kims'],
      { who: 'mia', absorb: ['kim'] },
    ],
    [
      'who joined counts: the next one clashes with him',
      ['user kim', 'soft:ga mias', 'soft:ga neds', 'device pias'],
      { who: 'mia', absorb: ['kim'], take: ['device pias of pia', 'soft:ga neds of ned'] },
    ],
  ];
  for (const [name, ids, expected] of rows) {
    test(`${name}: ${ids.join(', ')}`, () =>
      assert.deepEqual(choose(ids, 'oldest'), { attach: [], take: [], absorb: [], ...expected }));
  }

  const bySoft = ['soft:ga mias', 'cookie neds', 'cookie kims', 'soft:ga new'];
  for (const ids of [bySoft, [...bySoft].reverse()]) {
    test(`without a hard id the oldest of those who clash: ${ids.join(', ')}`, () =>
      assert.deepEqual(choose(ids, 'oldest'), {
        who: 'mia',
        attach: ['soft:ga new'],
        absorb: ['kim'],
        take: ['cookie neds of ned'],
      }));
  }
});

describe('several hard types, a read: whom a write would mean first', () => {
  const rows: readonly (readonly [ids: string[], who: Who])[] = [
    [['user kim', 'hard:email mia@'], 'kim'],
    [['hard:email mia@', 'user kim'], 'mia'],
    [['user new', 'hard:email mia@'], 'mia'],
    [['user new', 'hard:email ned@'], 'nobody'],
    [['hard:email new', 'soft:ga mias'], 'nobody'],
    [['hard:email new', 'cookie kims'], 'kim'],
  ];
  for (const [ids, who] of rows) test(ids.join(', '), () => assert.equal(choose(ids).who, who));

  test('nobody is given a second id of a hard type', () => {
    assert.deepEqual(choose(['user ned', 'hard:email new']).attach, []);
  });
});

describe('several hard types, on a phone', () => {
  const rows: readonly (readonly [...Choosing, merge?: Merging])[] = [
    [
      'a start of somebody else',
      ['user ned', 'device pias'],
      { who: 'ned', take: ['device pias of pia'] },
      'named',
    ],
    ['a start, nothing clashes', ['user kim', 'device pias'], { who: 'kim', absorb: ['pia'] }, 'named'],
    ['a new name', ['user new', 'device pias'], { who: 'pia', attach: ['user new'] }, 'named'],
    ['login', ['device pias', '!user kim'], { who: 'kim', absorb: ['pia'] }],
    ['register', ['device pias', '!user new'], { who: 'pia', attach: ['user new'] }],
    [
      'the next user has another id of a type: a switch',
      ['device pias', '!user ned'],
      { who: 'ned', take: ['device pias of pia'], leaves: 'pia' },
    ],
    [
      'a hard id that the next user gets: not beside another one',
      ['user kim', 'device pias', 'hard:email new'],
      { who: 'kim', attach: ['hard:email new'], take: ['device pias of pia'] },
      'named',
    ],
    [
      'nor of the one who registers',
      ['device pias', 'hard:email new', '!user new'],
      { who: 'nobody', attach: ['hard:email new', 'user new'], take: ['device pias of pia'] },
    ],
    ['only a start says so', ['user ned', 'device pias'], { who: 'ned' }],
  ];
  for (const [name, ids, expected, merge] of rows) {
    test(`${name}: ${ids.join(', ')}`, () =>
      assert.deepEqual(choose(ids, merge), { attach: [], take: [], absorb: [], ...expected }));
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
    'only a userId, equal to the device of a user with a name: who was anonymous on it',
    ['user lous', '?device lous'],
    'lou',
    [],
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
      test(name, () => assert.deepEqual(choose(ids), { who, attach, take: [], absorb: [] }));
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
  const { profile, namings, lines } = apply(lookUp(ids), command, context);
  assert.equal(profile, people.kim);
  assert.deepEqual(namings, []);
  assert.deepEqual(
    lines.map(({ kind, profile: id }) => [kind, id]),
    [['event', 30]],
  );
  for (const who of ['lou', 'early', 'late'] as const) assert.equal(writeProfile(people[who]), before[who]);
});
