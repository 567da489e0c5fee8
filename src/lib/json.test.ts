import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  isJsonObject,
  isLargerThan,
  type Json,
  jsonDepthMax,
  notFinite,
  parseJson,
  tooDeep,
  weighJson,
} from './json.ts';

const json = fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }) as fc.Arbitrary<Json>;

function nested(depth: number, inner: string, [open, close] = ['[', ']']): string {
  return open.repeat(depth) + inner + close.repeat(depth);
}

describe('parseJson', () => {
  const rows: readonly (readonly [text: string, value: Json])[] = [
    ['{"a":[1,"x",null,true]}', { a: [1, 'x', null, true] }],
    [' "x" ', 'x'],
    ['1e400', Number.POSITIVE_INFINITY],
    ['"\\ud83d\\ude00"', '😀'],
    ['"\\uD83D\\uDE00"', '😀'],
    ['"a\\ud83db"', 'a\uFFFDb'],
    ['"\\ude00\\uD83D"', '\uFFFD\uFFFD'],
    ['{"\\ud800":{"x":["\\udfff"]}}', { '\uFFFD': { x: ['\uFFFD'] } }],
    // A written backslash in front of ud800 is text.
    ['"\\\\ud800"', '\\ud800'],
  ];
  for (const [text, value] of rows) test(text, () => assert.deepEqual(parseJson(text), value));

  for (const text of ['', 'x', '{a:1}', "{'a':1}", '[1,]', '1 2', 'NaN', '{"a":1', '\uFEFF1', '01']) {
    test(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parseJson(text), SyntaxError));
  }

  for (const surrogate of ['', ',"x":"\\ud800"']) {
    test(`names like those of prototypes are names like any other${surrogate && ', also when repaired'}`, () => {
      const value = parseJson(`{"__proto__":{"admin":true},"constructor":1,"toString":2${surrogate}}`);
      assert.ok(isJsonObject(value));
      assert.deepEqual(Object.keys(value).slice(0, 3), ['__proto__', 'constructor', 'toString']);
      assert.equal(value['admin'], undefined);
      assert.equal(Object.getPrototypeOf(value), Object.prototype);
    });
  }

  test('of two names that become the same, the last wins', () => {
    assert.deepEqual(parseJson('{"\\ud800":1,"\\udfff":2}'), { '\uFFFD': 2 });
  });

  test('whatever is deeper than may be stored does not exhaust the stack', () => {
    const text = nested(5000, '"\\ud800"');
    assert.equal(weighJson(parseJson(text)), tooDeep);
  });

  test('as deep as may be stored, every string is well-formed', () => {
    const value = parseJson(nested(jsonDepthMax, '"\\ud800"'));
    assert.ok(weighJson(value) > 0);
    assert.equal(JSON.stringify(value), nested(jsonDepthMax, '"\uFFFD"'));
  });

  test('otherwise it is JSON.parse', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = JSON.stringify(value);
        assert.deepEqual(parseJson(text), JSON.parse(text));
      }),
    );
  });
});

describe('isJsonObject', () => {
  for (const value of [{}, { a: 1 }, Object.create(null)]) {
    test(`yes: ${JSON.stringify(value)}`, () => assert.equal(isJsonObject(value), true));
  }
  for (const value of [undefined, null, [], [{}], 'x', 0, true]) {
    test(`no: ${JSON.stringify(value)}`, () => assert.equal(isJsonObject(value), false));
  }
});

describe('weighJson', () => {
  const unfit: readonly (readonly [text: string, expected: number])[] = [
    ['1e400', notFinite],
    ['-1e400', notFinite],
    ['[1,[2,-1e400]]', notFinite],
    ['{"a":{"b":1e400}}', notFinite],
    ['{"__proto__":1e400}', notFinite],
    [nested(jsonDepthMax + 1, ''), tooDeep],
    [nested(jsonDepthMax + 1, '1', ['{"a":', '}']), tooDeep],
    [`{"a":1,"b":${nested(jsonDepthMax, '')}}`, tooDeep],
  ];
  for (const [text, expected] of unfit) {
    test(`${text.slice(0, 30)} is unfit`, () => assert.equal(weighJson(JSON.parse(text)), expected));
  }

  for (const text of [
    nested(jsonDepthMax, ''),
    nested(jsonDepthMax, '1', ['{"a":', '}']),
    `[${nested(jsonDepthMax - 1, '')},${nested(jsonDepthMax - 1, '')}]`,
    '1.7976931348623157e308',
  ]) {
    test(`${text.slice(0, 30)} is fit`, () => assert.ok(weighJson(JSON.parse(text)) > 0));
  }

  const exact: readonly Json[] = ['', 'text', null, false, [], {}, ['a', 'b'], { name: 'x' }];
  for (const value of exact) {
    test(`${JSON.stringify(value)} weighs about its text`, () => {
      const { length } = JSON.stringify(value);
      const weight = weighJson(value);
      assert.ok(weight >= length && weight <= length + 2, `${weight} for ${length} characters`);
    });
  }
});

describe('isLargerThan', () => {
  const rows: readonly (readonly [value: Json, max: number, expected: boolean])[] = [
    ['x'.repeat(98), 100, false],
    ['x'.repeat(99), 100, true],
    ['é'.repeat(49), 100, false],
    ['é'.repeat(50), 100, true],
    ['"'.repeat(49), 100, false],
    ['"'.repeat(50), 100, true],
    [['😀'.repeat(24)], 100, false],
    [['😀'.repeat(25)], 100, true],
    [{ a: 'x'.repeat(92) }, 100, false],
    [{ a: 'x'.repeat(93) }, 100, true],
  ];
  for (const [value, max, expected] of rows) {
    test(`${JSON.stringify(value).slice(0, 12)}…, ${JSON.stringify(value).length} characters: ${expected}`, () => {
      assert.equal(isLargerThan(value, weighJson(value), max), expected);
    });
  }

  const unfit: readonly (readonly [text: string, bytes: number])[] = [
    ['1e400', 4],
    ['{"é":[-1e400,"\\u0001",{}],"b":"x"}', 33],
    ['{"a":1e400,"b":[],"c":[1,2]}', 27],
    [nested(100_000, '"é"'), 200_004],
    [nested(100_000, '1', ['{"a":', '}']), 600_001],
  ];
  for (const [text, bytes] of unfit) {
    test(`${text.slice(0, 40)}, unfit as it is, has ${bytes} bytes`, () => {
      const value: Json = JSON.parse(text);
      const weight = weighJson(value);
      assert.ok(weight < 0);
      assert.deepEqual(
        [bytes - 1, bytes].map((max) => isLargerThan(value, weight, max)),
        [true, false],
      );
    });
  }

  // The weight is only a short cut: it must never decide wrongly, least of all for what takes six bytes a character.
  test('says what counting the bytes says', () => {
    const escaped = fc.string({ unit: fc.constantFrom('\u0000', '\u001f', 'é', '\u2028', '"') });
    const value = fc.oneof(
      json,
      escaped,
      fc.array(escaped),
      fc.dictionary(escaped, fc.double({ noNaN: true })),
    );
    const finite = value.filter((it) => weighJson(it) > 0);
    fc.assert(
      fc.property(finite, fc.integer({ min: -3, max: 3 }), (it, off) => {
        const bytes = Buffer.byteLength(JSON.stringify(it));
        assert.equal(isLargerThan(it, weighJson(it), bytes + off), off < 0);
      }),
      { numRuns: 500 },
    );
  });
});
