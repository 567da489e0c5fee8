import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Cache } from './cache.ts';

function newCache(entries: Readonly<Record<string, number>> = {}): Cache<string, number> {
  const cache = new Cache<string, number>();
  for (const [key, weight] of Object.entries(entries)) cache.install(key, weight, weight);
  return cache;
}

function keysOf(cache: Cache<string, number>, keys: string): string {
  return [...keys].filter((key) => cache.has(key)).join('');
}

describe('what is known', () => {
  test('nothing at first, then also that there is nobody', () => {
    const cache = newCache();
    assert.deepEqual([cache.has('a'), cache.get('a')], [false, undefined]);
    cache.install('a', undefined, 5);
    assert.deepEqual([cache.has('a'), cache.get('a'), cache.size, cache.weight], [true, undefined, 1, 5]);
  });

  test('an answer of the store never replaces what is known, be it that there is nobody', () => {
    const cache = newCache();
    cache.set('a', 2, 20, 1);
    cache.install('a', 1, 10);
    cache.set('b', undefined, 4, 1);
    cache.install('b', 1, 10);
    assert.deepEqual([cache.get('a'), cache.get('b'), cache.weight], [2, undefined, 24]);
  });

  test('a change replaces everything', () => {
    const cache = newCache({ a: 10 });
    cache.set('a', 2, 30, 1);
    cache.set('b', 3, 5, 1);
    assert.deepEqual([cache.get('a'), cache.get('b'), cache.weight, cache.size], [2, 3, 35, 2]);
    cache.set('a', undefined, 1, 2);
    assert.deepEqual([cache.has('a'), cache.get('a'), cache.weight], [true, undefined, 6]);
  });

  test('what a refused group and the later ones changed is forgotten, nothing else', () => {
    const cache = newCache({ a: 1, b: 1, c: 1, d: 1 });
    cache.set('b', 2, 1, 4);
    cache.set('c', 2, 1, 5);
    cache.set('d', 2, 1, 4);
    cache.set('d', 3, 1, 6);
    cache.forgetSince(5);
    assert.deepEqual([keysOf(cache, 'abcd'), cache.get('b'), cache.weight], ['ab', 2, 2]);
  });
});

describe('eviction', () => {
  test('nothing leaves while there is room', () => {
    const cache = newCache({ a: 10, b: 10 });
    for (let n = 0; n < 5; n++) cache.sweep(20, 0);
    assert.equal(keysOf(cache, 'ab'), 'ab');
  });

  test('what was not used since the last time leaves first', () => {
    const cache = newCache({ a: 10, b: 10, c: 10, d: 10 });
    cache.sweep(30, 0);
    assert.deepEqual([cache.size, cache.weight], [3, 30]);
    const left = keysOf(cache, 'abcd');
    const used = left[0] as string;
    cache.get(used);
    cache.sweep(10, 0);
    assert.equal(keysOf(cache, 'abcd'), used);
  });

  test('asking whether something is known is no use of it', () => {
    const cache = newCache({ a: 10, b: 10, c: 10 });
    cache.sweep(20, 0);
    const [first, second] = keysOf(cache, 'abc');
    cache.has(first as string);
    cache.get(second as string);
    cache.sweep(10, 0);
    assert.equal(keysOf(cache, 'abc'), second);
  });

  test('what is not on disk yet stays, however heavy', () => {
    const cache = newCache({ a: 10 });
    cache.set('b', 1, 1_000, 3);
    cache.set('c', 1, 10, 2);
    for (let n = 0; n < 3; n++) cache.sweep(0, 2);
    assert.deepEqual([keysOf(cache, 'abc'), cache.weight], ['b', 1_000]);
    for (let n = 0; n < 2; n++) cache.sweep(0, 3);
    assert.deepEqual([cache.size, cache.weight], [0, 0]);
  });

  test('a single sweep makes room, even when everything was just used', () => {
    for (const count of [1, 2, 3, 10]) {
      const cache = newCache(Object.fromEntries(Array.from({ length: count }, (_, n) => [`${n}`, 10])));
      for (let n = 0; n < count; n++) cache.get(`${n}`);
      cache.sweep(0, 0);
      assert.equal(cache.size, 0, `of ${count}`);
    }
  });
});

// --- Whatever happens, in whatever order ----------------------------------------------------------------------------

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const value = fc.option(fc.nat(9), { nil: undefined });
const weight = fc.nat(50);
const group = fc.integer({ min: 1, max: 5 });
const action = fc.oneof(
  fc.record({ do: fc.constant('install' as const), key, value, weight }),
  fc.record({ do: fc.constant('set' as const), key, value, weight, group }),
  fc.record({ do: fc.constant('get' as const), key }),
  fc.record({ do: fc.constant('forget' as const), group }),
  fc.record({ do: fc.constant('sweep' as const), weightMax: fc.nat(150), group }),
);
type Action = typeof action extends fc.Arbitrary<infer Value> ? Value : never;

interface Known {
  readonly value: number | undefined;
  readonly weight: number;
  readonly group: number;
}

/** What must be known after an action; only a sweep may leave more out. */
function after(known: ReadonlyMap<string, Known>, done: Action): Map<string, Known> {
  const now = new Map(known);
  if (done.do === 'set') now.set(done.key, done);
  if (done.do === 'install' && !now.has(done.key)) now.set(done.key, { ...done, group: 0 });
  if (done.do === 'forget') for (const [name, it] of now) if (it.group >= done.group) now.delete(name);
  return now;
}

function perform(cache: Cache<string, number>, todo: Action): void {
  if (todo.do === 'install') cache.install(todo.key, todo.value, todo.weight);
  if (todo.do === 'set') cache.set(todo.key, todo.value, todo.weight, todo.group);
  if (todo.do === 'get') cache.get(todo.key);
  if (todo.do === 'forget') cache.forgetSince(todo.group);
  if (todo.do === 'sweep') cache.sweep(todo.weightMax, todo.group);
}

test('what is known is right, what is not on disk is known, and the weight is the sum', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60, size: 'max' }), (actions) => {
      const cache = newCache();
      let known = new Map<string, Known>();
      for (const todo of actions) {
        perform(cache, todo);
        known = after(known, todo);
        if (todo.do === 'sweep') {
          for (const [name, it] of known) {
            if (cache.has(name)) continue;
            assert.ok(it.group <= todo.group, 'what is not on disk stays');
            known.delete(name);
          }
          const movable = [...known.values()].some((it) => it.group <= todo.group);
          assert.ok(cache.weight <= todo.weightMax || !movable, 'a sweep makes room');
        }
        assert.deepEqual(keysOf(cache, 'abcdef'), [...known.keys()].sort().join(''));
        assert.equal(
          cache.weight,
          [...known.values()].reduce((sum, it) => sum + it.weight, 0),
        );
      }
      for (const [name, it] of known) assert.equal(cache.get(name), it.value);
    }),
    { numRuns: 1_000 },
  );
});
