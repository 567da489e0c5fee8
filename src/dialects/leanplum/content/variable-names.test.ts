import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Json, JsonObject } from '../../../lib/json.ts';
import { Fault } from '../fault.ts';
import { flattenVariables, nestVariables } from './variable-names.ts';

function entriesOf(flat: ReturnType<typeof flattenVariables>): [string, Json][] {
  return flat instanceof Fault ? assert.fail(flat.message) : [...flat];
}

const bytesMax = 1024 * 1024;

const rows: Record<string, { given: JsonObject; flat: [string, Json][]; nested?: JsonObject }> = {
  'values of every type': {
    given: { text: '', number: -0.5, yes: true, nothing: null, list: [1, { a: 'b' }] },
    flat: [
      ['text', ''],
      ['number', -0.5],
      ['yes', true],
      ['nothing', null],
      ['list', [1, { a: 'b' }]],
    ],
  },
  'groups in groups': {
    given: { a: { b: { c: 1 }, d: 2 } },
    flat: [
      ['a.b.c', 1],
      ['a.d', 2],
    ],
  },
  'dotted names': {
    given: { 'a.b.c': 1, a: { 'd.e': 2 } },
    flat: [
      ['a.b.c', 1],
      ['a.d.e', 2],
    ],
    nested: { a: { b: { c: 1 }, d: { e: 2 } } },
  },
  'signs that belong to the name': {
    given: { 'a\\.b': { 'c\\[0\\]': 1, 'd\\\\': 2 } },
    flat: [
      ['a\\.b.c\\[0\\]', 1],
      ['a\\.b.d\\\\', 2],
    ],
  },
  'an escaped backslash before a dot that divides': {
    given: { 'a\\\\.b': 1 },
    flat: [['a\\\\.b', 1]],
    nested: { 'a\\\\': { b: 1 } },
  },
  'an empty group': { given: { a: {} }, flat: [['a', {}]] },
  'names of objects': {
    given: JSON.parse('{"__proto__":{"constructor":1}}'),
    flat: [['__proto__.constructor', 1]],
  },
};

describe('variables', () => {
  for (const [what, { given, flat, nested = given }] of Object.entries(rows)) {
    test(what, () => {
      const variables = entriesOf(flattenVariables(given, bytesMax));
      assert.deepEqual(variables, flat);
      assert.equal(JSON.stringify(nestVariables(new Map(variables))), JSON.stringify(nested));
    });
  }

  const bad: Record<string, [given: JsonObject, name: string]> = {
    'an empty name': [{ '': 1 }, ''],
    'an empty name in a group': [{ a: { '': 1 } }, 'a.'],
    'nothing between two dots': [{ 'a..b': 1 }, 'a..b'],
    'a backslash before nothing': [{ 'a\\': 1 }, 'a\\'],
    'a variable in a variable': [{ a: 1, 'a.b': 2 }, 'a.b'],
    'a group in a group, too often': [{ [Array(33).fill('a').join('.')]: 1 }, Array(33).fill('a').join('.')],
  };
  for (const [what, [given, name]] of Object.entries(bad)) {
    test(`${what} is refused`, () => {
      assert.deepEqual(
        flattenVariables(given, bytesMax),
        new Fault(`variable '${name}' name is invalid.`, 400),
      );
    });
  }

  test('a long name in front of many is refused before it is written out', () => {
    const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`v${n}`, n]));
    assert.deepEqual(
      flattenVariables({ ['g'.repeat(500_000)]: many }, bytesMax),
      new Fault(`'vars' must have less than ${bytesMax} bytes.`, 400),
    );
  });

  /** As a client writes a name that holds signs. */
  const escaped = fc
    .string({
      minLength: 1,
      maxLength: 5,
      unit: fc.constantFrom('a', 'b', '.', '[', ']', '(', ')', '\\', 'ü', '😀', '"'),
    })
    .map((name) => name.replace(/[.[\]()\\]/g, '\\$&'));
  const leaf = fc.oneof(
    fc.integer(),
    fc.string(),
    fc.constant({}),
    fc.array(fc.dictionary(fc.string(), fc.integer())),
  );
  const { groups } = fc.letrec<{ groups: JsonObject; value: Json }>((tie) => ({
    groups: fc.dictionary(escaped, tie('value'), { minKeys: 1, maxKeys: 4 }),
    value: fc.oneof({ depthSize: 'small' }, leaf, tie('groups')),
  }));

  test('nested, flat and nested again are the same', () => {
    fc.assert(
      fc.property(groups, (given) => {
        const flat = entriesOf(flattenVariables(given, bytesMax));
        assert.equal(JSON.stringify(nestVariables(new Map(flat))), JSON.stringify(given));
        assert.deepEqual(entriesOf(flattenVariables(Object.fromEntries(flat), bytesMax)), flat);
      }),
    );
  });
});
