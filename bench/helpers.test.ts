import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selectRows } from './rows.ts';
import { joinSorted, percentile, sum } from './statistics.ts';
import { countLines } from './store.ts';
import { UserCycle } from './user-cycle.ts';

test('a percentile is a measured value, the nearest rank', () => {
  const sorted = Float64Array.from({ length: 100 }, (_, index) => index + 1);
  assert.equal(percentile(sorted, 0.5), 50);
  assert.equal(percentile(sorted, 0.99), 99);
  assert.equal(percentile(sorted, 1), 100);
  assert.equal(percentile(sorted, 0), 1);
  assert.equal(percentile(Float64Array.of(7), 0.99), 7);
  assert.ok(Number.isNaN(percentile(new Float64Array(), 0.5)));
});

test('samples of several rounds are joined in order', () => {
  const joined = joinSorted([Float64Array.of(3, 10), Float64Array.of(), Float64Array.of(2)]);
  assert.deepEqual([...joined], [2, 3, 10]);
  assert.equal(sum(joined), 15);
});

test('connections share all users, none has those of another, and each meets all of its own before a repeat', () => {
  for (const users of [1600, 1601, 20_000]) {
    const drawn = Array.from({ length: 16 }, (_, connection) => {
      const cycle = new UserCycle({ connection, connections: 16, users, ordered: false });
      return Array.from({ length: cycle.size }, () => cycle.next());
    });
    const all = drawn.flat();
    assert.equal(new Set(all).size, all.length);
    assert.equal(all.length, 16 * Math.floor(users / 16));
    assert.ok(all.every((user) => user < users));
  }
});

test('in order, users come from the first on', () => {
  const cycle = new UserCycle({ connection: 1, connections: 4, users: 12, ordered: true });
  assert.deepEqual(
    Array.from({ length: 4 }, () => cycle.next()),
    [1, 5, 9, 1],
  );
});

test('a paced row brings the row along whose peak it needs', () => {
  assert.deepEqual(
    selectRows('half').map((row) => row.key),
    ['multi50', 'half'],
  );
  assert.throws(() => selectRows('multi50,multi5'), /no row "multi5"/);
});

test('a row brings the row along that leaves its users', () => {
  assert.deepEqual(
    selectRows('exportUser').map((row) => row.key),
    ['sdk', 'exportUser'],
  );
});

test('stored items are events, changes of attributes and sessions, whatever else a block holds', () => {
  const lines = [
    '{"v":1,"kind":"created"}',
    '{"v":1,"kind":"event","name":"a \\"kind\\":\\"event\\""}',
    '{"v":1,"kind":"attributes","set":{}}',
    '{"v":1,"kind":"session_opened","billed":true}',
    '{"v":1,"kind":"session_ended","spent":5}',
    '{"v":1,"kind":"event","name":"b"}',
  ];
  assert.deepEqual(countLines(Buffer.from(`${lines.join('\n')}\n`)), { items: 4, links: 0 });
});

test('a merge is a link, and the event that the server makes of it no item; an attached id is a link', () => {
  const lines = [
    '{"v":1,"kind":"identity_attached","name":"cookie"}',
    '{"v":1,"kind":"event","name":"visit","stamped":true}',
    '{"v":1,"kind":"merged","part":5,"same":[],"document":{}}',
    '{"v":1,"kind":"merged_into","into":7}',
    '{"v":1,"kind":"event","name":"merge","passive":true}',
    '{"v":1,"kind":"event","name":"merge request","stamped":true}',
  ];
  assert.deepEqual(countLines(Buffer.from(lines.join('\n'))), { items: 2, links: 2 });
});
