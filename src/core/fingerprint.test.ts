import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Json, JsonObject } from '../lib/json.ts';
import { fingerprint, hasFingerprint, pushFingerprint } from './fingerprint.ts';
import type { ProfileId, ProjectId } from './ids.ts';
import { fingerprintsMax } from './limits.ts';
import { newProfile } from './profile.ts';

type Event = readonly [name: string, timeSec: number, params: JsonObject];

/** The content of an event as text, members sorted: what a fingerprint stands for. */
function canonical(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const members = Object.entries(value).map(([name, it]) => `${JSON.stringify(name)}:${canonical(it)}`);
  return `{${members.sort().join(',')}}`;
}

describe('fingerprint', () => {
  // Rings are stored: another hash would let every repeat of what was sent before the upgrade in once more.
  const stored: readonly (readonly [...Event, string])[] = [
    ['', 0, {}, '4jy0Vb56'],
    ['purchase', 1_767_225_605.25, { total_price: 59.9, products: [{ id: 'p1', qty: 2 }] }, '3UsfhyD8'],
    ['Żółw', -1, { a: null, b: true, c: false, d: [], e: {}, '': '' }, 'j7LqmCQE'],
  ];
  for (const [name, timeSec, params, print] of stored) {
    test(`of ${name} is ${print} in this and every later version`, () => {
      assert.equal(fingerprint(name, timeSec, params), print);
    });
  }

  test('does not see the order of members, at any depth', () => {
    const one = { a: 1, b: { c: [{ d: 2, e: 3 }], f: null } };
    const other = { b: { f: null, c: [{ e: 3, d: 2 }] }, a: 1 };
    assert.equal(fingerprint('n', 1, one), fingerprint('n', 1, other));
  });

  test('is the same for numbers that JSON cannot tell apart', () => {
    assert.equal(fingerprint('n', -0, { a: -0, b: [-0] }), fingerprint('n', 0, { a: 0, b: [0] }));
  });

  const different: readonly (readonly [string, Event])[] = [
    ['the name', ['M', 5, { a: 1, b: [1, 2] }]],
    ['the time', ['n', 5.000001, { a: 1, b: [1, 2] }]],
    ['a value', ['n', 5, { a: 2, b: [1, 2] }]],
    ['the type of a value', ['n', 5, { a: '1', b: [1, 2] }]],
    ['a member more', ['n', 5, { a: 1, b: [1, 2], c: null }]],
    ['a member less', ['n', 5, { a: 1 }]],
    ['values exchanged', ['n', 5, { a: [1, 2], b: 1 }]],
    ['the order of a list', ['n', 5, { a: 1, b: [2, 1] }]],
    ['a list one deeper', ['n', 5, { a: 1, b: [[1, 2]] }]],
    ['an object for a list', ['n', 5, { a: 1, b: { 0: 1, 1: 2 } }]],
    ['the name as a member', ['', 5, { a: 1, b: [1, 2], n: 'n' }]],
    ['a name of Object.prototype', ['n', 5, { a: 1, b: [1, 2], ...JSON.parse('{"__proto__":1}') }]],
  ];
  for (const [what, event] of different) {
    test(`sees ${what}`, () => {
      assert.notEqual(fingerprint(...event), fingerprint('n', 5, { a: 1, b: [1, 2] }));
    });
  }

  // Parts of the same hash must not cancel each other out.
  const cancelling: readonly (readonly [JsonObject, JsonObject])[] = [
    [{ a: 'a' }, {}],
    [{ a: 'a' }, { b: 'b' }],
    [{ x: { sku: 'sku' } }, { x: {} }],
    [{ a: [[]] }, { a: [[], [[]]] }],
    [{ a: [{}, 1] }, { a: [1] }],
    [{ a: [[[]]] }, { a: [[]] }],
    [{ a: [true, true] }, { a: [false, false] }],
  ];
  for (const [one, other] of cancelling) {
    test(`tells ${JSON.stringify(one)} from ${JSON.stringify(other)}`, () => {
      assert.notEqual(fingerprint('n', 5, one), fingerprint('n', 5, other));
    });
  }

  // Small alphabets, so that events differ in as little as possible: that is where a weak hash would collide.
  test('is equal exactly when the content is', () => {
    const name = fc.constantFrom('', 'a', 'b', 'ab', '__proto__');
    const leaf = fc.constantFrom<Json[]>(null, true, false, 0, 1, '', 'a', '0', [], {});
    const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(name, tie('tree'), { maxKeys: 3 }),
      ),
    }));
    const params = fc.dictionary(name, tree, { maxKeys: 3 });
    const event = fc.tuple(name, fc.constantFrom(0, 1, 1.5, 1e9), params);
    const contents = new Map<string, string>();
    fc.assert(
      fc.property(event, ([type, timeSec, given]) => {
        const content = canonical([type, timeSec, given]);
        const print = fingerprint(type, timeSec, given);
        assert.match(print, /^[A-Za-z0-9_-]{8}$/);
        assert.equal(contents.get(print) ?? content, content);
        contents.set(print, content);
        const reversed = Object.fromEntries(Object.entries(given).reverse());
        assert.equal(fingerprint(type, timeSec, reversed), print);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('the ring', () => {
  const prints = Array.from({ length: fingerprintsMax + 1 }, (_, n) => fingerprint('e', n, {}));
  const has = (ring: string, print: string) => {
    const profile = newProfile(1 as ProfileId, 1 as ProjectId, 0);
    profile.fingerprints = ring;
    return hasFingerprint(profile, print);
  };

  test('an empty one has nothing', () => assert.equal(has('', 'ABCDEFGH'), false));

  test('holds as many as it may, and then loses its oldest', () => {
    const full = prints.slice(0, fingerprintsMax).reduce(pushFingerprint, '');
    assert.equal(full, prints.slice(0, fingerprintsMax).join(''));
    assert.deepEqual(
      prints.map((print) => has(full, print)),
      prints.map((_, n) => n < fingerprintsMax),
    );
    const next = pushFingerprint(full, prints[fingerprintsMax] as string);
    assert.equal(next, prints.slice(1).join(''));
  });

  test('characters of two neighbours are not a fingerprint', () => {
    assert.equal(has('xxxxABCDEFGHxxxx', 'ABCDEFGH'), false);
    assert.equal(has('xxxxABCDEFGHxxxxABCDEFGH', 'ABCDEFGH'), true);
    assert.equal(has('AAAAAAAAAAAAAAAB', 'AAAAAAAB'), true);
  });
});
