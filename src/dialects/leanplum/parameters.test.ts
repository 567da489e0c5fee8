import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Json, notFinite, weighJson } from '../../lib/json.ts';
import { faults } from './fault.ts';
import { booleanOf, isFault, listOf, numberOf, objectOf, parseSloppyJson, textOf } from './parameters.ts';

/** `absent`: as if the parameter was not there; `invalid`: its fault. */
type Expected = Json | 'absent' | 'invalid';

function expectation(expected: Expected): unknown {
  if (expected === 'invalid') return faults.invalid('p');
  return expected === 'absent' ? undefined : expected;
}

function parametersOf(value: Json | undefined) {
  return value === undefined ? {} : { p: value };
}

describe('textOf', () => {
  const rows: readonly (readonly [Json | undefined, string | undefined])[] = [
    ['abc', 'abc'],
    ['', ''],
    [123_456, '123456'],
    [1.5, '1.5'],
    [0, '0'],
    [undefined, undefined],
    [null, undefined],
    [true, undefined],
    [[], undefined],
    [{}, undefined],
  ];
  for (const [value, text] of rows)
    test(JSON.stringify(value) ?? 'absent', () => assert.equal(textOf(value), text));
});

describe('booleanOf', () => {
  for (const value of [true, 1, '1', 'true', 'True', 'TRUE']) {
    test(`yes: ${JSON.stringify(value)}`, () => assert.equal(booleanOf(value), true));
  }
  for (const value of [
    undefined,
    false,
    null,
    0,
    2,
    '',
    '0',
    'false',
    'False',
    'yes',
    'true ',
    'untrue',
    [],
    {},
  ]) {
    test(`no: ${JSON.stringify(value)}`, () => assert.equal(booleanOf(value), false));
  }
});

describe('numberOf', () => {
  const rows: readonly (readonly [Json | undefined, Expected])[] = [
    [undefined, 'absent'],
    [null, 'absent'],
    ['', 'absent'],
    [0, 0],
    [-1.5, -1.5],
    ['1439337600', 1_439_337_600],
    ['1600000000.123000', 1_600_000_000.123],
    ['1.600000000123E9', 1_600_000_000.123],
    [' 7 ', 7],
    ['-0.5', -0.5],
    [' ', 'invalid'],
    ['7 apples', 'invalid'],
    ['NaN', 'invalid'],
    ['Infinity', 'invalid'],
    ['1e400', 'invalid'],
    [JSON.parse('-1e400'), 'invalid'],
    [true, 'invalid'],
    [[], 'invalid'],
    [[5], 'invalid'],
    [{}, 'invalid'],
  ];
  for (const [value, expected] of rows) {
    test(`${JSON.stringify(value)} is ${expected}`, () => {
      assert.deepEqual(numberOf(parametersOf(value), 'p'), expectation(expected));
    });
  }
});

describe('objectOf', () => {
  const rows: readonly (readonly [Json | undefined, Expected])[] = [
    [undefined, 'absent'],
    [null, 'absent'],
    ['', 'absent'],
    [{}, {}],
    [{ a: [1] }, { a: [1] }],
    ['{"plan":"pro"}', { plan: 'pro' }],
    ["{'plan':'pro'}", { plan: 'pro' }],
    ['{plan:"pro",age:25,}', { plan: 'pro', age: 25 }],
    ['  {"a":{"b":null}}  ', { a: { b: null } }],
    ['[]', {}],
    ['[{}]', 'invalid'],
    ['5', 'invalid'],
    ['null', 'invalid'],
    ['"{}"', 'invalid'],
    ['{"a":', 'invalid'],
    ['plan', 'invalid'],
    [[], {}],
    [[{}], 'invalid'],
    [5, 'invalid'],
    [true, 'invalid'],
  ];
  for (const [value, expected] of rows) {
    test(`${JSON.stringify(value)} is ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(objectOf(parametersOf(value), 'p'), expectation(expected));
    });
  }
});

describe('listOf', () => {
  const rows: readonly (readonly [Json | undefined, Json])[] = [
    [undefined, []],
    [null, []],
    ['', []],
    [[], []],
    [
      [1, 'a'],
      [1, 'a'],
    ],
    [123, [123]],
    [true, [true]],
    ['Email', ['Email']],
    ['a, b', ['a, b']],
    ['a]', ['a]']],
    ['["a","b"]', ['a', 'b']],
    ["['a', 'b',]", ['a', 'b']],
    ['[ ]', []],
    ['[1,2]', [1, 2]],
    ['["a, b"]', ['a, b']],
    ['[Push Notification, In-app Message]', ['Push Notification', 'In-app Message']],
    [' [ Email ,Webhook, ] ', ['Email', 'Webhook']],
    ['[Email]', ['Email']],
    ['[1, two, 3]', ['1', 'two', '3']],
    ["[it's, Tom's list]", ["it's", "Tom's list"]],
    ['[a:b, c=d; e]', ['a:b', 'c=d; e']],
    ['[日本語, __proto__]', ['日本語', '__proto__']],
    ['[a\ud800]', ['a\uFFFD']],
    ['[', 'invalid'],
    ['[a', 'invalid'],
    ['[a, b', 'invalid'],
    ['[,]', 'invalid'],
    ['[a,,b]', 'invalid'],
    ['[, a]', 'invalid'],
    ['[a, [b]]', 'invalid'],
    ['[a], b]', 'invalid'],
    ['[a, {b: 1}]', 'invalid'],
    ['[a, "b"]', 'invalid'],
    ['["a, b]', 'invalid'],
    ["[a, 'b']", 'invalid'],
    ["['a, b]", 'invalid'],
  ];
  for (const [value, expected] of rows) {
    test(`${JSON.stringify(value)} is ${JSON.stringify(expected)}`, () => {
      const list = expected === 'invalid' ? faults.invalid('p') : expected;
      assert.deepEqual(listOf(parametersOf(value), 'p'), list);
    });
  }

  test('without quotes it may be long: splitting takes no time', () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `name ${index}`);
    assert.deepEqual(listOf({ p: `[${names.join(' , ')}]` }, 'p'), names);
  });
});

describe('parseSloppyJson', () => {
  for (const text of ['{"__proto__":{"admin":1},"constructor":2}', "{'__proto__':{admin:1},constructor:2}"]) {
    test(`names like those of prototypes are plain names: ${text}`, () => {
      const value = parseSloppyJson(text) as { readonly [name: string]: Json };
      assert.deepEqual(Object.keys(value), ['__proto__', 'constructor']);
      assert.equal(value['admin'], undefined);
    });
  }

  for (const text of ['{"a":"\\ud800"}', "{a:'\\ud800'}"]) {
    test(`strings are well-formed: ${text}`, () => assert.deepEqual(parseSloppyJson(text), { a: '\uFFFD' }));
  }

  // null clears an attribute: what cannot be said in JSON must not turn into it.
  for (const text of ['{"a":1e400}', '{a:1e400}', '{a:-Infinity}', '{a:NaN}', "{'a':[NaN]}"]) {
    test(`a number that is none does not become null: ${text}`, () => {
      assert.equal(weighOrRefuse(text), notFinite);
    });
  }

  test('a long text has to be strict: the tolerant parser is slow', () => {
    const long = 'x'.repeat(70_000);
    assert.deepEqual(parseSloppyJson(`{"a":"${long}"}`), { a: long });
    assert.throws(() => parseSloppyJson(`{a:"${long}"}`), SyntaxError);
  });

  test('depth does not exhaust the stack: whatever comes is an error that is caught', () => {
    const text = `{a:${'['.repeat(30_000)}${']'.repeat(30_000)}}`;
    const value = objectOf({ p: text }, 'p');
    assert.ok(isFault(value) || weighJson(value ?? null) < 0);
  });
});

/** A text may be refused as a whole as well. */
function weighOrRefuse(text: string): number {
  try {
    return weighJson(parseSloppyJson(text));
  } catch {
    return notFinite;
  }
}

test('isFault', () => {
  assert.equal(isFault(faults.noUser), true);
  for (const value of [undefined, null, {}, { message: 'x', status: 400 }, 'x', new Error('x')]) {
    assert.equal(isFault(value), false);
  }
});
