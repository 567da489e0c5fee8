import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProjectId } from '../core/ids.ts';
import { Group } from './commit.ts';

test('a part of a content that changes often in a group counts and is written once', () => {
  const group = new Group(1);
  const place = { project: 1 as ProjectId, part: 'eventNames' } as const;
  group.putContent(place, new Map([['a', true]]));
  const { bytes } = group;
  const newest = new Map([
    ['a', true],
    ['b', true],
  ]);
  group.putContent(place, newest);
  assert.equal(group.bytes, bytes);
  const { contents } = group.toWriteSet({ profiles: [], upTo: undefined });
  assert.deepEqual(contents, [{ ...place, document: '[["a",true],["b",true]]' }]);
});

test('an answer that is kept counts by its length', () => {
  const group = new Group(1);
  const answer = 'x'.repeat(1024 * 1024);
  for (let n = 0; !group.isFull; n++) {
    assert.ok(n < 64, 'more than the bytes of a group');
    group.record(`key${n}`, { kind: 'answer', bodyHash: '', answer });
  }
});
