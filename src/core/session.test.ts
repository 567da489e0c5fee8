import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  enter,
  known,
  open,
  type Row,
  read,
  scenario,
  setAll,
  steer,
  track,
  update,
  World,
} from '../../test/support/scenario.ts';
import { noUpdate } from '../dialects/leanplum/no-update.ts';
import type { Applied } from './apply.ts';
import type { Command } from './command.ts';
import type { IdentityId, ProfileId } from './ids.ts';
import { billingGapMs, openSessionsMax, pauseTimeoutMs, sessionTimeoutMs } from './limits.ts';
import type { Phase } from './session-table.ts';

const twoHours = 7200;
const halfAnHour = 1800;
assert.equal(sessionTimeoutMs, twoHours * 1000);
assert.equal(pauseTimeoutMs, halfAnHour * 1000);
assert.equal(billingGapMs, halfAnHour * 1000);

const opened: Row = [10, open(), 'applied', '3 session_opened'];
const start: readonly Row[] = [known, opened];

// --- Every phase and everything that can happen in it ---------------------------------------------------------------

/** What brings a user into a phase. */
const before: { readonly [In in Phase]: readonly Row[] } = {
  ended: [known, opened, [20, steer('stop'), 'applied', '4 session_ended spent 10 in 3']],
  active: [...start, [20, steer('heartbeat'), 'applied', '4 session_continued in 3']],
  paused: [...start, [20, steer('pause'), 'applied', '4 session_paused in 3']],
  background: [
    known,
    [10, open({ background: true }), 'applied', '3 session_opened background unbilled'],
    [20, steer('heartbeat'), 'applied', '4 session_continued in 3'],
  ],
};

const optOut = { op: 'add' as const, name: 'unsubscribeChannels', values: ['Email'] };
const counted = {
  name: 'look',
  count: 5,
  countBy: null,
  value: null,
  valueBy: null,
  firstSec: null,
  lastSec: null,
};

/** Ten seconds later. The lines that follow; `offline`: applied, and recorded outside of a session. */
const then: readonly (readonly [
  name: string,
  asked: Command,
  { readonly [In in Phase]: readonly string[] },
])[] = [
  [
    'start',
    open(),
    {
      ended: ['5 session_opened'],
      active: ['5 session_ended @20 spent 10 in 3', '6 session_opened'],
      paused: ['5 session_ended @20 spent 10 in 3', '6 session_opened unbilled'],
      background: ['5 session_ended @20 spent 0 in 3', '6 session_opened'],
    },
  ],
  [
    'start in the background',
    open({ background: true }),
    {
      ended: ['5 session_opened background unbilled'],
      active: ['5 session_ended @20 spent 10 in 3', '6 session_opened background unbilled'],
      paused: ['5 session_ended @20 spent 10 in 3', '6 session_opened background unbilled'],
      background: ['5 session_ended @20 spent 0 in 3', '6 session_opened background unbilled'],
    },
  ],
  [
    'start that goes on',
    open({ continueOpen: true }),
    {
      ended: ['5 session_opened'],
      active: ['5 session_continued in 3'],
      paused: ['5 session_resumed unbilled in 3'],
      background: ['5 session_resumed in 3'],
    },
  ],
  [
    'start in the background that goes on',
    open({ continueOpen: true, background: true }),
    {
      ended: ['5 session_opened background unbilled'],
      active: ['5 session_continued in 3'],
      paused: [],
      background: ['5 session_continued in 3'],
    },
  ],
  [
    'stop',
    steer('stop'),
    {
      ended: [],
      active: ['5 session_ended spent 20 in 3'],
      paused: ['5 session_ended @20 spent 10 in 3'],
      background: ['5 session_ended @20 spent 0 in 3'],
    },
  ],
  ['pause', steer('pause'), { ended: [], active: ['5 session_paused in 3'], paused: [], background: [] }],
  [
    'resume',
    steer('resume'),
    {
      ended: ['5 session_opened'],
      active: ['5 session_continued in 3'],
      paused: ['5 session_resumed unbilled in 3'],
      background: ['5 session_resumed in 3'],
    },
  ],
  [
    'heartbeat',
    steer('heartbeat'),
    {
      ended: [],
      active: ['5 session_continued in 3'],
      paused: [],
      background: ['5 session_continued in 3'],
    },
  ],
  [
    'entering a state',
    enter('cart', { info: 'i', params: { n: 1 } }),
    {
      ended: ['offline', '5 state_entered cart info i {"n":1}'],
      active: ['5 state_entered cart info i {"n":1} in 3'],
      paused: ['offline', '5 state_entered cart info i {"n":1}'],
      background: ['offline', '5 state_entered cart info i {"n":1}'],
    },
  ],
  ...(['leave_state', 'pause_state', 'resume_state'] as const).map(
    (action) =>
      [
        `${action} without a state`,
        steer(action),
        { ended: [], active: ['5 session_continued in 3'], paused: [], background: [] },
      ] as const,
  ),
  [
    'an event',
    track('look'),
    {
      ended: ['offline', '5 event look'],
      active: ['5 event look in 3'],
      paused: ['offline', '5 event look'],
      background: ['offline', '5 event look'],
    },
  ],
  [
    'a passive event',
    track('look', { disposition: 'passive' }),
    {
      ended: ['offline', '5 event look passive'],
      active: ['5 event look passive in 3'],
      paused: ['offline', '5 event look passive'],
      background: ['offline', '5 event look passive'],
    },
  ],
  [
    'an event that needs a session',
    track('look', { disposition: 'require_active' }),
    {
      ended: ['no_session'],
      active: ['5 event look in 3'],
      paused: ['no_session'],
      background: ['no_session'],
    },
  ],
  [
    'attributes',
    setAll({ a: 1 }),
    {
      ended: ['5 attributes {"a":1}'],
      active: ['5 attributes {"a":1} in 3'],
      paused: ['5 attributes {"a":1}'],
      background: ['5 attributes {"a":1}'],
    },
  ],
  ...[
    ['a fact about the user', { facts: [['city', 'Sofia'] as const] }, 'facts {"city":"Sofia"}'] as const,
    ['opting out', { factEdits: [optOut] }, 'facts {"unsubscribeChannels":["Email"]}'] as const,
    ['a counter set', { counters: { events: [counted], states: [] } }, 'overridden'] as const,
    ['a total set', { totals: { ...noUpdate.totals, sessions: 7 } }, 'overridden'] as const,
  ].map(
    ([name, given, line]) =>
      [
        name,
        update(given),
        {
          ended: [`5 ${line}`],
          active: [`5 ${line} in 3`],
          paused: [`5 ${line}`],
          background: [`5 ${line}`],
        },
      ] as const,
  ),
  [
    'a change that says nothing new',
    update(),
    { ended: [], active: ['5 session_continued in 3'], paused: [], background: [] },
  ],
  [
    'a read',
    read(),
    { ended: ['profile'], active: ['profile'], paused: ['profile'], background: ['profile'] },
  ],
];

for (const [name, asked, expected] of then) {
  describe(name, () => {
    for (const phase of Object.keys(before) as Phase[]) {
      const [first = '', ...rest] = expected[phase];
      const outcome = first === 'offline' ? 'applied offline' : /^[a-z]/.test(first) ? first : 'applied';
      const lines = outcome === 'applied' ? expected[phase] : rest;
      scenario(`${phase}`, [...before[phase], [30, asked, outcome, ...lines]]);
    }
  });
}

describe('the passing of time', () => {
  const limits: { readonly [In in Phase]: number } = {
    ended: 0,
    active: twoHours,
    paused: halfAnHour,
    background: twoHours,
  };
  for (const phase of Object.keys(before) as Phase[]) {
    const end = 20 + limits[phase];
    const spent = phase === 'background' ? 0 : 10;
    const over = phase === 'ended' ? [] : [`5 session_ended @20 spent ${spent} in 3`];
    const outside = `${5 + over.length} event a`;
    scenario(`${phase}, an action later than its timeout`, [
      ...before[phase],
      [end + 0.001, track('a'), 'applied offline', ...over, outside],
    ]);
    scenario(`${phase}, a timer that is due`, [
      ...before[phase],
      [end + 0.001, due(10 + limits[phase]), 'applied', ...over],
    ]);
  }
});

/** The timer of the first profile. */
function due(sec: number): Command {
  return { kind: 'pass_time', ids: [], create: false, profile: 1 as ProfileId, dueMs: sec * 1000 };
}

// --- Clocks, counts, timers -----------------------------------------------------------------------------------------

const sums = (world: World) => {
  const { sessionCount, spent, active } = world.state();
  return { sessionCount, spent, active };
};

describe('a session', () => {
  scenario(
    'counts its time without its pauses',
    [
      ...start,
      [70, steer('pause'), 'applied', '4 session_paused in 3'],
      [100, steer('pause'), 'applied'],
      [1000, track('a'), 'applied offline', '5 event a'],
      [70 + halfAnHour, steer('resume'), 'applied', '6 session_resumed in 3'],
      [80 + halfAnHour, steer('stop'), 'applied', '7 session_ended spent 70 in 3'],
    ],
    (world) =>
      assert.deepEqual(sums(world), { sessionCount: 1, spent: 70_000, active: (80 + halfAnHour) * 1000 }),
  );

  scenario(
    'paused for longer than 30 minutes has ended at its pause; resuming opens another',
    [
      ...start,
      [70, steer('pause'), 'applied', '4 session_paused in 3'],
      [
        70.5 + halfAnHour,
        steer('resume'),
        'applied',
        '5 session_ended @70 spent 60 in 3',
        '6 session_opened',
      ],
    ],
    (world) => assert.deepEqual(sums(world), { sessionCount: 2, spent: 60_000, active: 1_870_500 }),
  );

  scenario(
    'of the background counts when it is resumed, and its time from then on',
    [
      known,
      [10, open({ background: true }), 'applied', '3 session_opened background unbilled'],
      [20, track('a'), 'applied offline', '4 event a'],
      [100, steer('heartbeat'), 'applied', '5 session_continued in 3'],
      [200, steer('resume'), 'applied', '6 session_resumed in 3'],
      [210, track('a'), 'applied', '7 event a in 3'],
      [220, steer('stop'), 'applied', '8 session_ended spent 20 in 3'],
    ],
    (world) => assert.deepEqual(sums(world), { sessionCount: 1, spent: 20_000, active: 220_000 }),
  );

  scenario(
    'of the background that nobody resumes is no session and no activity',
    [
      known,
      [10, open({ background: true }), 'applied', '3 session_opened background unbilled'],
      [20, steer('stop'), 'applied', '4 session_ended @10 spent 0 in 3'],
    ],
    (world) => assert.deepEqual(sums(world), { sessionCount: 0, spent: 0, active: null }),
  );

  scenario(
    'is not kept alive by what is done to the user',
    [
      ...start,
      [20, track('a'), 'applied', '4 event a in 3'],
      [20 + twoHours, track('b', { disposition: 'passive' }), 'applied', '5 event b passive in 3'],
      [
        20.5 + twoHours,
        track('b', { disposition: 'passive' }),
        'applied offline',
        '6 session_ended @20 spent 10 in 3',
        '7 event b passive',
      ],
    ],
    (world) => assert.deepEqual(sums(world), { sessionCount: 1, spent: 10_000, active: 20_000 }),
  );

  scenario('that is full takes no more of what is limited', [
    known,
    opened,
    [20, track('a'), 'applied', '4 event a in 3'],
    [21, track('b', { disposition: 'passive' }), 'applied', '5 event b passive in 3'],
    [22, track('c', { sessionMax: 2 }), 'session_full'],
    [23, track('c', { sessionMax: 2, disposition: 'passive' }), 'session_full'],
    [24, track('c', { sessionMax: 3 }), 'applied', '6 event c in 3'],
    [25, enter('cart', { sessionMax: 1 }), 'applied', '7 state_entered cart in 3'],
    [26, enter('till', { sessionMax: 1 }), 'session_full'],
    [27, track('d'), 'applied', '8 event d state 7 in 3'],
    [
      28,
      steer('stop'),
      'applied',
      '9 state_left cart spent 3 state 7 in 3',
      '10 session_ended spent 18 in 3',
    ],
    [29, track('c', { sessionMax: 2 }), 'applied offline', '11 event c'],
    [30, enter('till', { sessionMax: 1 }), 'applied offline', '12 state_entered till'],
    [31, open(), 'applied', '13 session_opened'],
    [32, track('c', { sessionMax: 1 }), 'applied', '14 event c in 13'],
    [33, track('c', { sessionMax: 1 }), 'session_full'],
  ]);

  scenario('that needs to be there creates nobody', [
    [5, track('a', { disposition: 'require_active' }), 'no_session'],
    [6, read(), 'user_not_found'],
  ]);

  // A phone that was out of reach: everything arrives at once, hours later.
  const late = 100_000;
  scenario(
    'has the clock of its actions, also when they arrive hours later',
    [
      known,
      [late, open({ timeSec: 1000 }), 'applied', '3 session_opened @1000'],
      [late, track('a', { timeSec: 1060 }), 'applied', '4 event a @1060 in 3'],
      [late, steer('pause', { timeSec: 1100 }), 'applied', '5 session_paused @1100 in 3'],
      [late, steer('resume', { timeSec: 1200 }), 'applied', '6 session_resumed @1200 unbilled in 3'],
      [late, track('a', { timeSec: 1190 }), 'applied', '7 event a @1190 in 3'],
      [late, steer('pause', { timeSec: 1260 }), 'applied', '8 session_paused @1260 in 3'],
      [
        late,
        steer('resume', { timeSec: 1261 + halfAnHour }),
        'applied',
        '9 session_ended @1260 spent 160 in 3',
        '10 session_opened @3061',
      ],
    ],
    (world) => assert.deepEqual(sums(world), { sessionCount: 2, spent: 160_000, active: 3_061_000 }),
  );

  scenario('whose clock nobody can put ahead or back', [
    ...start,
    [100, track('a', { timeSec: 1e9 }), 'applied', '4 event a @1000000000 in 3'],
    [110, steer('heartbeat', { timeSec: 50 }), 'applied', '5 session_continued @100 in 3'],
    [120, steer('stop', { timeSec: 1e9 }), 'applied', '6 session_ended spent 110 in 3'],
  ]);

  test('is one of at most so many; the least recently active one makes room', () => {
    const world = new World();
    const on = (n: number) => ({ ids: `user ann, device d${n}` });
    for (let n = 0; n < openSessionsMax; n++) world.do(10 + n, open(on(n)));
    world.do(90, track('a', on(0)));
    const ended = world.do(100, open(on(openSessionsMax))).lines.filter((it) => it.kind === 'session_ended');
    assert.equal(ended.length, 1);
    assert.equal(world.profile().sessions.length, openSessionsMax);
    const devices = new Set(world.profile().sessions.map((it) => world.values.get(it.device as IdentityId)));
    assert.deepEqual([devices.has('d0'), devices.has('d1'), devices.has('d64')], [true, false, true]);
  });

  test('says what was counted before it', () => {
    const world = new World();
    const priorOf = ({ lines }: Applied) => {
      const line = lines.find((it) => it.kind === 'session_opened');
      return line?.kind === 'session_opened' ? line.prior : undefined;
    };
    assert.deepEqual(priorOf(world.do(10, open())), { events: 0, states: 0, sessions: 0, spentSec: 0 });
    for (const name of ['a', 'b', 'a']) world.do(20, track(name));
    world.do(20, enter('menu'));
    world.do(25, steer('stop'));
    world.do(30, track('a'));
    assert.deepEqual(priorOf(world.do(40, open())), { events: 4, states: 1, sessions: 1, spentSec: 15 });
  });
});

describe('without a device', () => {
  const on = (device: string) => ({ ids: `user ann, device ${device}` });
  const two: readonly Row[] = [
    known,
    [10, open(on('phone')), 'applied', '3 identity_attached device', '4 session_opened on 3'],
    [20, open(on('tv')), 'applied', '5 identity_attached device', '6 session_opened on 5'],
    [30, steer('pause', on('tv')), 'applied', '7 session_paused in 6'],
  ];
  scenario('what happens belongs to the session that runs, a resume to the one that does not', [
    ...two,
    [40, track('a'), 'applied', '8 event a in 4'],
    [50, steer('resume'), 'applied', '9 session_resumed unbilled in 6'],
    [60, enter('cart'), 'applied', '10 state_entered cart in 6'],
    [
      70,
      steer('stop'),
      'applied',
      '11 state_left cart spent 10 state 10 in 6',
      '12 session_ended spent 30 in 6',
    ],
    [80, steer('stop'), 'applied', '13 session_ended spent 70 in 4'],
    [90, steer('stop'), 'applied'],
  ]);
  scenario('and with one that has no session, nothing happens to the others', [
    ...two,
    [40, steer('stop', on('watch')), 'applied', '8 identity_attached device'],
    [50, track('a', on('watch')), 'applied offline', '9 event a on 8'],
  ]);
});

describe('a state', () => {
  scenario(
    'ends when the next begins, has the events of its time, and a clock of its own',
    [
      ...start,
      [20, enter('menu'), 'applied', '4 state_entered menu in 3'],
      [30, track('look'), 'applied', '5 event look state 4 in 3'],
      [50, enter('cart'), 'applied', '6 state_left menu spent 30 state 4 in 3', '7 state_entered cart in 3'],
      [60, steer('pause_state'), 'applied', '8 state_paused state 7 in 3'],
      [65, steer('pause_state'), 'applied', '9 session_continued in 3'],
      [70, steer('resume_state'), 'applied', '10 state_resumed state 7 in 3'],
      [75, steer('resume_state'), 'applied', '11 session_continued in 3'],
      [80, steer('pause'), 'applied', '12 session_paused in 3'],
      [180, steer('resume'), 'applied', '13 session_resumed unbilled in 3'],
      [181, steer('leave_state'), 'applied', '14 state_left cart spent 21 state 7 in 3'],
      [190, track('look'), 'applied', '15 event look in 3'],
      [200, enter('cart'), 'applied', '16 state_entered cart in 3'],
      [
        210,
        steer('stop'),
        'applied',
        '17 state_left cart spent 10 state 16 in 3',
        '18 session_ended spent 100 in 3',
      ],
    ],
    (world) =>
      assert.deepEqual(world.state()['states'], [
        ['menu', 1, 20, 20],
        ['cart', 2, 50, 200],
      ]),
  );

  scenario('stands still while its session is paused, and runs again with it', [
    ...start,
    [20, enter('menu'), 'applied', '4 state_entered menu in 3'],
    [30, steer('pause_state'), 'applied', '5 state_paused state 4 in 3'],
    [40, steer('pause'), 'applied', '6 session_paused in 3'],
    [50, steer('resume'), 'applied', '7 session_resumed unbilled in 3'],
    [
      60,
      open(),
      'applied',
      '8 state_left menu @50 spent 10 state 4 in 3',
      '9 session_ended @50 spent 30 in 3',
      '10 session_opened unbilled',
    ],
  ]);

  scenario('ends with a session that timed out, at its last activity', [
    ...start,
    [20, enter('menu'), 'applied', '4 state_entered menu in 3'],
    [25, track('a'), 'applied', '5 event a state 4 in 3'],
    [
      30_000,
      steer('heartbeat'),
      'applied',
      '6 state_left menu @25 spent 5 state 4 in 3',
      '7 session_ended @25 spent 15 in 3',
    ],
  ]);

  scenario(
    'outside of a session is counted, and is not one that goes on',
    [
      known,
      [20, enter('menu', { timeSec: 15 }), 'applied offline', '3 state_entered menu @15'],
      [30, enter('menu'), 'applied offline', '4 state_entered menu'],
      [40, open(), 'applied', '5 session_opened'],
      [50, track('a'), 'applied', '6 event a in 5'],
    ],
    (world) => assert.deepEqual(world.state()['states'], [['menu', 2, 15, 30]]),
  );

  scenario('needs a user who is there, unless he is to be created', [
    [5, enter('menu'), 'user_not_found'],
    [5, steer('resume'), 'user_not_found'],
    [
      6,
      enter('menu', { create: true }),
      'applied offline',
      '1 created',
      '2 identity_attached user',
      '3 state_entered menu',
    ],
    [
      7,
      steer('resume', { ids: 'user bob', create: true }),
      'applied',
      '4 created',
      '5 identity_attached user',
      '6 session_opened',
    ],
  ]);
});

describe('timers', () => {
  const timerOf = (world: World) => world.profile().timerMs;
  const at = (sec: number) => sec * 1000;

  scenario(
    'are set when a session opens, and not moved by activity',
    [...start, [500, track('a'), 'applied', '4 event a in 3']],
    (world) => assert.equal(timerOf(world), at(10 + twoHours)),
  );
  scenario(
    'come earlier when a session pauses',
    [...start, [500, steer('pause'), 'applied', '4 session_paused in 3']],
    (world) => assert.equal(timerOf(world), at(500 + halfAnHour)),
  );
  scenario(
    'are gone with the last session',
    [...start, [500, steer('stop'), 'applied', '4 session_ended spent 490 in 3']],
    (world) => assert.equal(timerOf(world), null),
  );
  scenario(
    'are set anew when they are due and there was activity since',
    [
      ...start,
      [500, track('a'), 'applied', '4 event a in 3'],
      [11 + twoHours, due(10 + twoHours), 'applied', '5 time_passed'],
      // The same one again: it is none any more.
      [12 + twoHours, due(10 + twoHours), 'applied'],
      [501 + twoHours, due(500 + twoHours), 'applied', '6 session_ended @500 spent 490 in 3'],
    ],
    (world) => assert.equal(timerOf(world), null),
  );
  scenario(
    'are set anew by what happens before they are looked at',
    [
      ...start,
      [500, track('a'), 'applied', '4 event a in 3'],
      [11 + twoHours, track('b'), 'applied', '5 event b in 3'],
    ],
    (world) => assert.equal(timerOf(world), at(11 + 2 * twoHours)),
  );
  scenario('of nobody are nobody’s', [[5, due(1), 'user_not_found']]);
  scenario(
    'use the time at which a session was heard of: what was sent late has its time as well',
    [known, [100_000, open({ timeSec: 1000 }), 'applied', '3 session_opened @1000']],
    (world) => assert.equal(timerOf(world), at(100_000 + twoHours)),
  );
});
