import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  idsOf,
  known,
  open,
  outcomeText,
  type Row,
  read,
  scenario,
  setAll,
  stamped,
  track,
  World,
} from '../../test/support/scenario.ts';
import type { JsonObject } from '../lib/json.ts';
import { sessionTimeoutMs } from './limits.ts';
import { readProfile, writeProfile } from './profile-document.ts';

// --- Commands -------------------------------------------------------------------------------------------------------

describe('track', () => {
  scenario(
    'creates an unknown user, with its ids',
    [
      [
        5,
        track('buy', { ids: 'user ann, device phone', value: 9.5, info: 'x', params: { sku: 'a' } }),
        'applied offline',
        '1 created',
        '2 identity_attached user',
        '3 identity_attached device',
        '4 event buy value 9.5 info x {"sku":"a"} on 3',
      ],
    ],
    (world) => {
      const { identities, counters, created, updated, last } = world.state();
      assert.deepEqual(identities, [
        [2, 'user', 'ann'],
        [3, 'device', 'phone'],
      ]);
      assert.deepEqual(counters, [['buy', 1, 9.5, 5, 5]]);
      assert.deepEqual([created, updated, last], [5000, 5000, 4]);
    },
  );

  scenario('does not create an unknown user when it must not', [
    [5, track('buy', { create: false }), 'user_not_found'],
    [6, track('buy'), 'applied offline', '1 created', '2 identity_attached user', '3 event buy'],
    [7, track('buy', { create: false }), 'applied offline', '4 event buy'],
  ]);

  scenario(
    'counts: how often, the sum of the values that were given, the first and the last time',
    [
      known,
      [100, track('buy', { timeSec: 50 }), 'applied offline', '3 event buy @50'],
      [100, track('buy', { timeSec: 20, value: 2 }), 'applied offline', '4 event buy value 2 @20'],
      [100, track('buy', { timeSec: 70, value: -5 }), 'applied offline', '5 event buy value -5 @70'],
      [100, track('look'), 'applied offline', '6 event look'],
    ],
    (world) => {
      assert.deepEqual(world.state()['counters'], [
        ['buy', 3, -3, 20, 70],
        ['look', 1, null, 100, 100],
      ]);
      assert.equal(world.state()['active'], null, 'nothing happened inside a session');
    },
  );

  scenario('takes a time in the future at its word', [
    known,
    [100, track('buy', { timeSec: 5000 }), 'applied offline', '3 event buy @5000'],
  ]);

  for (const sign of [1, -1]) {
    scenario(
      `a sum of values stays finite, ${sign > 0 ? 'upwards' : 'downwards'}`,
      [
        known,
        [
          2,
          track('buy', { value: sign * Number.MAX_VALUE }),
          'applied offline',
          `3 event buy value ${sign * Number.MAX_VALUE}`,
        ],
        [2, track('buy', { value: sign * 1e308 }), 'applied offline', `4 event buy value ${sign * 1e308}`],
      ],
      (world) => {
        assert.equal(world.profile().counters.get('buy')?.valueSum, sign * Number.MAX_VALUE);
        assert.deepEqual(world.state()['counters'], [['buy', 2, sign * Number.MAX_VALUE, 2, 2]]);
      },
    );
  }
});

describe('set_attributes', () => {
  scenario(
    'sets, replaces, clears; what is not named stays',
    [
      known,
      [10, setAll({ plan: 'free', age: 25 }), 'applied', '3 attributes {"plan":"free","age":25}'],
      [20, setAll({ plan: null, tags: ['a'] }), 'applied', '4 attributes {"plan":null,"tags":["a"]}'],
    ],
    (world) => {
      assert.deepEqual(world.state()['attributes'], [
        ['plan', null, 20],
        ['age', 25, 10],
        ['tags', ['a'], 20],
      ]);
    },
  );

  scenario('does not create an unknown user when it must not', [
    [5, setAll({ a: 1 }, { create: false }), 'user_not_found'],
  ]);

  scenario(
    'without keepNewer the last to arrive wins, whatever its time',
    [
      known,
      [10, setAll({ plan: 'new' }, { timeSec: 9 }), 'applied', '3 attributes {"plan":"new"} @9'],
      [20, setAll({ plan: 'old' }, { timeSec: 3 }), 'applied', '4 attributes {"plan":"old"} @3'],
    ],
    (world) => assert.deepEqual(world.attribute('plan'), ['old', 3]),
  );

  const keepNewer = (attributes: JsonObject, timeSec: number | null) =>
    setAll(attributes, { timeSec, keepNewer: true });

  scenario(
    'with keepNewer each attribute decides by its own time',
    [
      known,
      [100, keepNewer({ plan: 'pro' }, 50), 'applied', '3 attributes {"plan":"pro"} @50'],
      [101, keepNewer({ plan: 'free', age: 25 }, 49), 'applied', '4 attributes {"age":25} @49'],
      [102, keepNewer({ plan: 'late' }, 49.999), 'applied'],
    ],
    (world) => {
      assert.deepEqual(world.attribute('plan'), ['pro', 50]);
      assert.deepEqual(world.attribute('age'), [25, 49]);
    },
  );

  scenario(
    'equal times: the later arrival wins',
    [
      known,
      [100, keepNewer({ plan: 'a' }, 50), 'applied', '3 attributes {"plan":"a"} @50'],
      [100, keepNewer({ plan: 'b' }, 50), 'applied', '4 attributes {"plan":"b"} @50'],
    ],
    (world) => assert.deepEqual(world.attribute('plan'), ['b', 50]),
  );

  scenario(
    'a cleared attribute keeps its time: an older value cannot bring it back, a newer one can',
    [
      known,
      [100, keepNewer({ plan: null }, 50), 'applied', '3 attributes {"plan":null} @50'],
      [101, keepNewer({ plan: 'zombie' }, 49), 'applied'],
      [102, keepNewer({ plan: 'pro' }, 51), 'applied', '4 attributes {"plan":"pro"} @51'],
    ],
    (world) => assert.deepEqual(world.attribute('plan'), ['pro', 51]),
  );

  scenario(
    'a time in the future counts as now, so that a fast clock does not win for ever',
    [
      known,
      [100, keepNewer({ plan: 'fast' }, 1e9), 'applied', '3 attributes {"plan":"fast"}'],
      [101, keepNewer({ plan: 'right' }, null), 'applied', '4 attributes {"plan":"right"}'],
    ],
    (world) => assert.deepEqual(world.attribute('plan'), ['right', 101]),
  );
});

describe('open_session', () => {
  scenario(
    'a second start ends the open session, at its last activity, and opens another',
    [
      [10, open(), 'applied', '1 created', '2 identity_attached user', '3 session_opened'],
      [40, track('look'), 'applied', '4 event look in 3'],
      [50, open(), 'applied', '5 session_ended @40 spent 30 in 3', '6 session_opened'],
    ],
    (world) => {
      const { sessions, sessionCount, spent, active } = world.state();
      assert.deepEqual(sessions, [[6, null, 'active', 50_000, 50_000, 50_000, 0, null]]);
      assert.deepEqual([sessionCount, spent, active], [2, 30_000, 50_000]);
    },
  );

  scenario(
    'a caller that goes on with the open session opens one only when none is open',
    [
      [
        10,
        open({ continueOpen: true }),
        'applied',
        '1 created',
        '2 identity_attached user',
        '3 session_opened',
      ],
      [50, open({ continueOpen: true }), 'applied', '4 session_continued in 3'],
      [51, track('look'), 'applied', '5 event look in 3'],
    ],
    (world) => assert.equal(world.state()['sessionCount'], 1),
  );

  scenario('each device has its own session; without a device the most recently active one counts', [
    [
      10,
      open({ ids: 'user ann, device phone' }),
      'applied',
      '1 created',
      '2 identity_attached user',
      '3 identity_attached device',
      '4 session_opened on 3',
    ],
    [
      20,
      open({ ids: 'user ann, device tv' }),
      'applied',
      '5 identity_attached device',
      '6 session_opened on 5',
    ],
    [30, track('a'), 'applied', '7 event a in 6'],
    [40, track('b', { ids: 'user ann, device phone' }), 'applied', '8 event b on 3 in 4'],
    [50, track('c'), 'applied', '9 event c in 4'],
    [60, open({ continueOpen: true }), 'applied', '10 session_continued in 4'],
    [
      70,
      track('d', { ids: 'user ann, device new' }),
      'applied offline',
      '11 identity_attached device',
      '12 event d on 11',
    ],
    // A start without a device neither ends nor is one of theirs.
    [80, open(), 'applied', '13 session_opened'],
    [
      90,
      open({ ids: 'user ann, device tv' }),
      'applied',
      '14 session_ended @30 spent 10 in 6',
      '15 session_opened on 5',
    ],
  ]);

  scenario(
    'attributes of the start are set in its session, and the last to arrive wins',
    [
      [
        10,
        setAll({ plan: 'a' }),
        'applied',
        '1 created',
        '2 identity_attached user',
        '3 attributes {"plan":"a"}',
      ],
      [
        20,
        open({ attributes: [['plan', 'b']], timeSec: 5 }),
        'applied',
        '4 session_opened @5',
        '5 attributes {"plan":"b"} @5 in 4',
      ],
      [
        30,
        open({ attributes: [['plan', null]], continueOpen: true }),
        'applied',
        '6 session_continued in 4',
        '7 attributes {"plan":null} in 4',
      ],
    ],
    (world) => assert.deepEqual(world.attribute('plan'), [null, 30]),
  );

  scenario('does not create an unknown user when it must not', [
    [5, open({ create: false }), 'user_not_found'],
  ]);
});

describe('time passes before a command acts', () => {
  const twoHours = 7200;
  assert.equal(sessionTimeoutMs, twoHours * 1000);
  const opened: Row = [10, open(), 'applied', '1 created', '2 identity_attached user', '3 session_opened'];

  scenario('up to two hours after its last activity a session is open', [
    opened,
    [10 + twoHours, track('a'), 'applied', '4 event a in 3'],
    [10 + 2 * twoHours, setAll({ x: 1 }), 'applied', '5 attributes {"x":1} in 3'],
    [10 + 3 * twoHours, track('b'), 'applied', '6 event b in 3'],
  ]);

  scenario(
    'later it has ended at its last activity, and what comes is outside a session',
    [
      opened,
      [50, track('a'), 'applied', '4 event a in 3'],
      [
        50 + twoHours + 0.001,
        track('b'),
        'applied offline',
        '5 session_ended @50 spent 40 in 3',
        '6 event b',
      ],
    ],
    (world) => {
      const { sessions, spent, active } = world.state();
      assert.deepEqual([sessions, spent, active], [[], 40_000, 50_000]);
    },
  );

  scenario('a caller that goes on with the open session gets another one then', [
    opened,
    [99_999, open({ continueOpen: true }), 'applied', '4 session_ended @10 spent 0 in 3', '5 session_opened'],
  ]);

  scenario(
    'a read changes nothing, not even a session that has timed out',
    [opened, [99_999, read(), 'profile']],
    (world) =>
      assert.deepEqual(world.state()['sessions'], [[3, null, 'active', 10_000, 10_000, 10_000, 0, null]]),
  );

  scenario(
    'server time never runs backwards for a profile',
    [
      [100, setAll({ a: 1 }), 'applied', '1 created', '2 identity_attached user', '3 attributes {"a":1}'],
      [40, track('x'), 'applied offline', '4 event x @100 applied 100'],
      [50, setAll({ a: 2 }, { timeSec: 1e9 }), 'applied', '5 attributes {"a":2} @100 applied 100'],
      [
        60,
        setAll({ a: 3 }, { timeSec: 100, keepNewer: true }),
        'applied',
        '6 attributes {"a":3} @100 applied 100',
      ],
      [
        40,
        track('y', { ids: 'user bob' }),
        'applied offline',
        '7 created',
        '8 identity_attached user',
        '9 event y',
      ],
      [101, track('x'), 'applied offline', '10 event x'],
    ],
    (world) => assert.equal(world.state()['updated'], 101_000),
  );
});

describe('read_profile', () => {
  scenario('finds nobody, and creates nobody', [
    [5, read(), 'user_not_found'],
    [5, { ...read(), create: true }, 'user_not_found'],
  ]);

  test('hands out a copy that later commands do not change', () => {
    const world = new World();
    world.do(1, setAll({ plan: 'a' }, { ids: 'user ann, cookie c1' }));
    world.do(2, open());
    world.do(3, track('look'));
    const { outcome } = world.do(4, read());
    assert.ok(outcome.code === 'profile');
    const before = writeProfile(world.profile());
    assert.equal(writeProfile(outcome.profile), before);
    world.do(5, setAll({ plan: 'b', x: 1 }, { ids: 'user ann, cookie c2' }));
    world.do(6, track('look'));
    world.do(7, open());
    assert.notEqual(writeProfile(world.profile()), before);
    assert.equal(writeProfile(readProfile(before)), before);
    assert.equal(writeProfile(outcome.profile), before);
    assert.deepEqual(outcome.profile.attributes.get('plan'), ['plan', 'a', 1]);
    assert.equal(outcome.profile.attributes.has('x'), false);
  });
});

describe('the ring of client-stamped events', () => {
  const offline = 'applied offline';

  scenario('an exact repeat is a duplicate, whatever the order of its members', [
    known,
    [
      10,
      stamped('buy', 5, { a: 1, b: { c: 2, d: [3] } }),
      offline,
      '3 event buy {"a":1,"b":{"c":2,"d":[3]}} @5',
    ],
    [11, stamped('buy', 5, { a: 1, b: { c: 2, d: [3] } }), 'duplicate'],
    [12, stamped('buy', 5, { b: { d: [3], c: 2 }, a: 1 }), 'duplicate'],
  ]);

  scenario('another name, time, value or order of a list is another event', [
    known,
    [10, stamped('buy', 5, { a: [1, 2] }), offline, '3 event buy {"a":[1,2]} @5'],
    [10, stamped('buy', 5, { a: [2, 1] }), offline, '4 event buy {"a":[2,1]} @5'],
    [10, stamped('buy', 5, { a: [1, '2'] }), offline, '5 event buy {"a":[1,"2"]} @5'],
    [10, stamped('look', 5, { a: [1, 2] }), offline, '6 event look {"a":[1,2]} @5'],
    [10, stamped('buy', 4.999, { a: [1, 2] }), offline, '7 event buy {"a":[1,2]} @4.999'],
    [10, stamped('buy', 5, { a: [1, 2] }), 'duplicate'],
  ]);

  scenario('only a time that the client gave makes a duplicate', [
    known,
    [10, track('buy'), offline, '3 event buy'],
    [10, track('buy'), offline, '4 event buy'],
    [10, track('buy', { timeSec: 5 }), offline, '5 event buy @5'],
    [10, stamped('buy', 5), offline, '6 event buy @5'],
    [10, track('buy', { timeSec: 5 }), offline, '7 event buy @5'],
    [10, stamped('buy', 5), 'duplicate'],
  ]);

  scenario('each profile has its own', [
    known,
    [10, stamped('buy', 5), offline, '3 event buy @5'],
    [
      10,
      { ...stamped('buy', 5), ids: idsOf('user bob') },
      offline,
      '4 created',
      '5 identity_attached user',
      '6 event buy @5',
    ],
  ]);

  test('an event newer than all before needs no look-up', () => {
    const world = new World();
    world.do(1, stamped('buy', 5));
    // As if the ring had not been asked: it holds this event, but nothing that old was ever stamped.
    world.profile().newestStampSec = 4.9;
    assert.equal(outcomeText(world.do(2, stamped('buy', 5))), offline);
    assert.equal(outcomeText(world.do(3, stamped('buy', 5))), 'duplicate');
  });
});

describe('cookies', () => {
  const touch = (cookies: string) => setAll({}, { ids: cookies });
  const cookiesOf = (world: World, by: string) =>
    world
      .profile(by)
      .identities.filter((it) => it.kind === 'cookie')
      .map((it) => it.value);

  scenario(
    'stand in the order of their last use, and a use is said only when that changes',
    [
      [1, touch('cookie a'), 'applied', '1 created', '2 identity_attached cookie'],
      [2, touch('cookie a'), 'applied'],
      [3, touch('cookie a, cookie b'), 'applied', '3 identity_attached cookie'],
      [4, touch('cookie b'), 'applied'],
      [5, touch('cookie a, cookie b'), 'applied'],
      [6, touch('cookie a'), 'applied', '4 identity_used cookie a'],
      [7, touch('cookie a'), 'applied'],
      [8, touch('cookie b, cookie c'), 'applied', '5 identity_used cookie b', '6 identity_attached cookie'],
    ],
    (world) => assert.deepEqual(cookiesOf(world, 'cookie a'), ['a', 'b', 'c']),
  );
});

describe('a rule that fails', () => {
  // A time that is no number cannot come from a dialect; it stands for any bug of ours.
  const bug = { timeSec: Number.NaN };

  scenario(
    'keeps the lines said before it failed, and the state is what they say',
    [
      [1, track('x', bug), 'failed', '1 created', '2 identity_attached user'],
      [2, open(), 'applied', '3 session_opened'],
      [3, open(bug), 'failed', '4 session_ended @2 spent 0 in 3'],
      [4, track('x'), 'applied offline', '5 event x'],
      [5, setAll({ a: 1 }, bug), 'failed'],
      [6, setAll({ a: 1 }), 'applied', '6 attributes {"a":1}'],
    ],
    (world) => {
      const { identities, sessions, counters, last } = world.state();
      assert.deepEqual([identities, sessions, last], [[[2, 'user', 'ann']], [], 6]);
      assert.deepEqual(counters, [['x', 1, null, 4, 4]]);
    },
  );
});
