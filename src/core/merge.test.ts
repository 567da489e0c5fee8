import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  open,
  type Row,
  scenario,
  setAll,
  stamped,
  steer,
  track,
  World,
} from '../../test/support/scenario.ts';
import type { Command } from './command.ts';
import { fingerprint, joinFingerprints, pushFingerprint } from './fingerprint.ts';
import { fingerprintsMax, openSessionsMax, profileSizeMax, softIdsMax } from './limits.ts';

const together = (ids = 'cookie a, cookie b'): Command => setAll({}, { ids, merge: 'oldest' });
const onA = { ids: 'cookie a' };
const onB = { ids: 'cookie b' };
/** Two customers, created at 1 and 2. */
const both: readonly Row[] = [
  [1, setAll({}, onA), 'applied', '1 created', '2 identity_attached cookie'],
  [2, setAll({}, onB), 'applied', '3 created', '4 identity_attached cookie'],
];
const stateOf = (world: World) => world.state('cookie b');

function after(...commands: readonly (readonly [clockSec: number, command: Command])[]): World {
  const world = new World();
  for (const [clockSec, command] of [[1, setAll({}, onA)], [2, setAll({}, onB)], ...commands] as const) {
    world.do(clockSec, command);
  }
  return world;
}

describe('of two that become one', () => {
  scenario(
    'both hear of it, and the event is on the result',
    [
      ...both,
      [
        5,
        together(),
        'applied',
        '5 merged_into',
        '6 merged',
        '7 event merge {"source_ids":[3],"destination_ids":[1]} passive',
      ],
      [6, together(), 'applied'],
    ],
    (world) => {
      assert.deepEqual([...world.profiles.keys()], [1]);
      assert.deepEqual(stateOf(world)['parts'], [3]);
      assert.equal(stateOf(world)['created'], 1000);
    },
  );

  test('counters are added, first and last times widened', () => {
    const world = after(
      [10, track('buy', { ...onA, value: 2, timeSec: 5 })],
      [11, track('buy', { ...onB, value: 3, timeSec: 4 })],
      [12, track('buy', { ...onB, timeSec: 9 })],
      [13, track('look', { ...onB, timeSec: 8 })],
      [14, together()],
    );
    assert.deepEqual(stateOf(world)['counters'], [
      ['buy', 3, 5, 4, 9],
      ['look', 1, null, 8, 8],
      ['merge', 1, null, 14, 14],
    ]);
  });

  test('of an attribute the one set last stays, also one that was cleared', () => {
    const at = (timeSec: number, ids: string, values: Parameters<typeof setAll>[0]): [number, Command] => [
      20,
      setAll(values, { ids, timeSec, keepNewer: true }),
    ];
    const world = after(
      at(10, 'cookie a', { older: 'a', newer: 'a', same: 'a', cleared: 'a', 'only a': 1 }),
      at(9, 'cookie b', { older: 'b' }),
      at(11, 'cookie b', { newer: 'b', cleared: null }),
      at(10, 'cookie b', { same: 'b', 'only b': 2 }),
      [30, together()],
    );
    const { attributes } = world.profile('cookie a');
    assert.deepEqual(Object.fromEntries(Array.from(attributes.values(), ([name, value]) => [name, value])), {
      older: 'a',
      newer: 'b',
      same: 'a',
      cleared: null,
      'only a': 1,
      'only b': 2,
    });
    assert.equal(attributes.get('newer')?.[2], 11);
  });

  test('a repeat of what either has said is still known', () => {
    const world = after([10, stamped('e', 5)], [11, together('cookie b, user ann')]);
    assert.equal(
      world.do(12, { ...stamped('e', 5), ids: together('cookie b').ids }).outcome.code,
      'duplicate',
    );
  });

  test('rings join to one of the newest of both', () => {
    const ring = (from: number, count: number) =>
      Array.from({ length: count }, (_, n) => fingerprint('e', from + n, {})).reduce(pushFingerprint, '');
    assert.equal(joinFingerprints(ring(0, 3), ''), ring(0, 3));
    assert.equal(joinFingerprints('', ring(0, 3)), ring(0, 3));
    assert.equal(joinFingerprints(ring(0, 3), ring(0, 3)), ring(0, 3));
    const joined = joinFingerprints(ring(0, fingerprintsMax), ring(1000, fingerprintsMax));
    assert.equal(joined.length, ring(0, fingerprintsMax).length);
    for (const newest of [fingerprintsMax - 1, 1000 + fingerprintsMax - 1, fingerprintsMax - 20]) {
      assert.ok(joined.includes(fingerprint('e', newest, {})));
    }
  });

  test('cookies of both, and at most as many as one may have: those named now are in use', () => {
    const many = (letter: string) =>
      Array.from({ length: softIdsMax }, (_, n) => `cookie ${letter}${n}`).join(', ');
    const world = new World();
    world.do(1, setAll({}, { ids: many('a') }));
    world.do(2, setAll({}, { ids: many('b') }));
    world.do(3, together('cookie a0, cookie b0'));
    const { identities } = world.profile('cookie a0');
    assert.equal(identities.length, softIdsMax);
    assert.equal(world.owners.get('cookie b0'), world.profile('cookie a0'));
    assert.equal([...world.owners.keys()].length, softIdsMax);
  });

  test('the same for every type of soft ids', () => {
    const many = (letter: string) =>
      Array.from({ length: softIdsMax - 1 }, (_, n) => `soft:ga ${letter}${n}, cookie ${letter}${n}`).join(
        ', ',
      );
    const world = new World();
    world.do(1, setAll({}, { ids: many('a') }));
    world.do(2, setAll({}, { ids: many('b') }));
    world.do(3, together('soft:ga a0, soft:ga b0'));
    const { identities } = world.profile('soft:ga a0');
    for (const kind of ['cookie', 'soft:ga']) {
      assert.equal(identities.filter((it) => it.kind === kind).length, softIdsMax);
    }
    assert.equal(world.owners.get('soft:ga b0'), world.profile('soft:ga a0'));
    assert.ok(!world.owners.has('cookie b0'), 'the older ones of the younger profile go first');
  });

  test('sessions go on, one a device', () => {
    const world = after(
      [10, open({ ids: 'cookie a, device tv' })],
      [11, open(onA)],
      [12, open(onB)],
      [13, open({ ids: 'cookie b, device phone' })],
      [14, together()],
    );
    const { sessions, totalSessions } = world.profile('cookie a');
    const open_ = sessions.map((it) => (it.device === null ? null : world.values.get(it.device)));
    assert.deepEqual(open_.sort(), ['phone', 'tv', null].sort());
    assert.equal(totalSessions, 4);
    assert.equal(sessions.find((it) => it.device === null)?.openedMs, 12_000, 'the one active last');
  });

  test('and not more than one may have', () => {
    const world = after();
    for (let n = 0; n < openSessionsMax; n++) {
      world.do(10, open({ ids: `cookie a, device a${n}` }));
      world.do(11, open({ ids: `cookie b, device b${n}` }));
    }
    world.do(12, together());
    assert.equal(world.profile('cookie a').sessions.length, openSessionsMax);
  });

  test('they stay two when they would be too large together', () => {
    const half = 'x'.repeat(profileSizeMax / 2);
    const world = after([3, setAll({ a: half }, onA)], [4, setAll({ b: half }, onB)]);
    const { outcome, lines } = world.do(5, together());
    assert.deepEqual([outcome.code, lines.length], ['profile_full', 0]);
    assert.equal(world.profiles.size, 2);
  });
});

describe('a device that is handed on', () => {
  const of = (user: string) => ({ ids: `user ${user}, device phone` });
  scenario(
    'ends the session of who had it, stays in his list, and comes back',
    [
      [
        1,
        open(of('ann')),
        'applied',
        '1 created',
        '2 identity_attached user',
        '3 identity_attached device',
        '4 session_opened on 3',
      ],
      [
        5,
        open(of('bob')),
        'applied',
        '5 created',
        '6 session_ended spent 4 in 4',
        '7 identity_handed_on device phone',
        '8 identity_attached device',
        '9 identity_attached user',
        '10 session_opened on 8',
      ],
      [6, track('x', { ids: 'device phone' }), 'applied', '11 event x on 8 in 10'],
      [
        7,
        track('y', of('ann')),
        'applied offline',
        '12 session_ended spent 2 in 10',
        '13 identity_handed_on device phone',
        '14 identity_used device phone',
        '15 event y on 3',
      ],
      [8, steer('heartbeat', of('ann')), 'applied'],
    ],
    (world) => {
      assert.deepEqual(world.state('user ann')['identities'], [
        [2, 'user', 'ann'],
        [3, 'device', 'phone'],
      ]);
      assert.deepEqual(world.state('user bob')['identities'], [
        [8, 'device', 'phone', 1],
        [9, 'user', 'bob'],
      ]);
    },
  );

  test('is one device when both users turn out to be one', () => {
    const world = new World();
    world.do(1, open({ ids: 'device phone' }));
    world.do(2, open({ ids: 'user ann, device tv' }));
    world.do(3, open({ ids: 'device phone, user ann', merge: 'named' }));
    const { identities } = world.profile();
    assert.deepEqual(identities.map((it) => it.value).sort(), ['ann', 'phone', 'tv']);
  });
});
