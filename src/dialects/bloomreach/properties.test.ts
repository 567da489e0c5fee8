import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Json, JsonObject } from '../../lib/json.ts';
import { messageBytesMax, nameBytesMax, valueBytesMax } from './limits.ts';
import { findBadProperty, readProperties } from './properties.ts';
import { texts } from './texts.ts';

describe('properties', () => {
  const rows: readonly (readonly [Json | undefined, JsonObject | string])[] = [
    [undefined, {}],
    [null, {}],
    [{}, {}],
    [
      { a: 1, b: [null] },
      { a: 1, b: [null] },
    ],
    [[], texts.propertiesType],
    [[{ a: 1 }], texts.propertiesType],
    ['{}', texts.propertiesType],
    ['', texts.propertiesType],
    [0, texts.propertiesType],
    [true, texts.propertiesType],
  ];
  for (const [value, expected] of rows) {
    test(JSON.stringify(value) ?? 'absent', () => assert.deepEqual(readProperties(value), expected));
  }
});

function nested(depth: number): Json {
  return JSON.parse('['.repeat(depth) + ']'.repeat(depth));
}

/** So many bytes as JSON text. */
function textOf(bytes: number): string {
  return 'x'.repeat(bytes - 2);
}

/** Properties of so many bytes as JSON text, each value as large as it may be but the last. */
function objectOf(bytes: number): JsonObject {
  const entries: [string, string][] = [];
  let left = bytes - 1;
  for (let n = 10; left > 0; n++) {
    const name = `p${n}`;
    // A member is its name, four quotes and marks with the comma or the closing brace, and its value.
    const value = Math.min(valueBytesMax, left - name.length - 4);
    const rest = left - name.length - 4 - value;
    // The last one must not become too small to be a text.
    const size = rest > 0 && rest < 50 ? value - 50 : value;
    entries.push([name, textOf(size)]);
    left -= name.length + 4 + size;
  }
  return Object.fromEntries(entries);
}

describe('the first bad property', () => {
  const euro = '€'.repeat(85);
  const rows: readonly (readonly [name: string, JsonObject, expected: string | undefined])[] = [
    ['none', {}, undefined],
    [
      'every kind of value',
      { a: 's', b: 1, c: true, d: null, e: [1, { f: [] }], '': 0 },
      texts.invalidPropertyName,
    ],
    ['every kind of value, with names', { a: 's', b: 1, c: true, d: null, e: [1, { '': [] }] }, undefined],
    ['names of prototypes', JSON.parse('{"__proto__":1,"constructor":{"__proto__":2}}'), undefined],
    ['a name of 256 bytes', { ['x'.repeat(nameBytesMax)]: 1 }, undefined],
    ['a name of 257 bytes', { ['x'.repeat(nameBytesMax + 1)]: 1 }, texts.invalidPropertyName],
    ['a name of 86 characters, 256 bytes', { [`${euro}x`]: 1 }, undefined],
    ['a name of 87 characters, 257 bytes', { [`${euro}xy`]: 1 }, texts.invalidPropertyName],
    ['a number too large', JSON.parse('{"a":1,"b":1e400}'), texts.invalidProperty('b')],
    ['a nested number too large', JSON.parse('{"a":{"b":[-1e400]}}'), texts.invalidProperty('a')],
    [
      'a number too large under a name of a prototype',
      JSON.parse('{"__proto__":1e400}'),
      texts.invalidProperty('__proto__'),
    ],
    ['as deep as it may be', { a: nested(32) }, undefined],
    ['too deep', { a: nested(33) }, texts.invalidProperty('a')],
    ['a text as large as it may be', { a: textOf(valueBytesMax) }, undefined],
    ['a text of 16 KB', { a: textOf(valueBytesMax + 1) }, texts.propertyTooLarge('a')],
    ['bytes count, not characters', { a: 'é'.repeat(valueBytesMax / 2 + 1) }, texts.propertyTooLarge('a')],
    ['escapes count', { a: '\u0001'.repeat(valueBytesMax / 6 + 1) }, texts.propertyTooLarge('a')],
    ['a list of 16 KB', { a: [textOf(valueBytesMax - 1)] }, texts.propertyTooLarge('a')],
    ['the first of several', { a: 1, '': 1, b: textOf(20_000) }, texts.invalidPropertyName],
    ['as many bytes as a message may have', objectOf(messageBytesMax), undefined],
    ['one byte more', objectOf(messageBytesMax + 1), texts.messageTooLarge],
  ];
  for (const [name, properties, expected] of rows) {
    test(name, () => assert.equal(findBadProperty(properties), expected));
  }

  test('(the sizes above are what they say)', () => {
    assert.equal(Buffer.byteLength(JSON.stringify(objectOf(messageBytesMax))), messageBytesMax);
    assert.equal(Buffer.byteLength(JSON.stringify(textOf(valueBytesMax))), valueBytesMax);
    assert.equal(Buffer.byteLength(`${euro}x`), nameBytesMax);
  });

  // Sizes come last (contract 3.4), also when an earlier property is the large one.
  test('what is wrong beside its size is said first', () => {
    assert.equal(findBadProperty({ a: textOf(20_000), '': 1 }), texts.invalidPropertyName);
    assert.equal(findBadProperty({ ...objectOf(messageBytesMax + 1), '': 1 }), texts.invalidPropertyName);
  });
});
