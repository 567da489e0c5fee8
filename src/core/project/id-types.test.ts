import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type DeclaredIds, findIdsProblem, findInTheWay, readIdTypes } from './id-types.ts';

/** Hard types before the `|`, soft ones after it. */
function declared(text: string): DeclaredIds {
  const [hard = [], soft = []] = text.split('|').map((it) => it.split(' ').filter((type) => type !== ''));
  return { hard, soft };
}

test('the first hard type is the user, cookies are cookies, every other one has its class and name', () => {
  assert.deepEqual(
    [...readIdTypes(declared('customer registered | google_analytics cookie'))],
    [
      ['customer', 'user'],
      ['registered', 'hard:registered'],
      ['google_analytics', 'soft:google_analytics'],
      ['cookie', 'cookie'],
    ],
  );
});

describe('a declaration as such', () => {
  const many = (count: number) => Array.from({ length: count }, (_, n) => `t${n}`).join(' ');
  const badName = (name: string) =>
    `'${name}' cannot name an id type: it has 1 to 64 letters, digits, - or _, a letter first`;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['registered | cookie', undefined],
    ['a Z9-_ device internal user | cookie constructor __proto', badName('__proto')],
    ['a Z9-_ device internal user | cookie constructor', undefined],
    [`${'x'.repeat(64)} | cookie`, undefined],
    [`${'x'.repeat(65)} | cookie`, badName('x'.repeat(65))],
    ['1st | cookie', badName('1st')],
    ['a:b | cookie', badName('a:b')],
    ['a" | cookie', badName('a"')],
    ["a | cookie o'k", badName("o'k")],
    ['é | cookie', badName('é')],
    ['a a | cookie', "Id type 'a' is declared twice"],
    ['a b | cookie b', "Id type 'b' is declared twice"],
    ['cookie | cookie', "Id type 'cookie' is declared twice"],
    ['| cookie', 'At least one hard id type must be declared'],
    ['a |', "'cookie' must be one of the soft id types"],
    ['a cookie | b', "'cookie' must be one of the soft id types"],
    [`${many(15)} | cookie`, undefined],
    [`${many(14)} | cookie more`, undefined],
    [`${many(15)} | cookie more`, 'At most 16 id types may be declared'],
  ];
  for (const [text, problem] of rows) {
    test(`${text.slice(0, 50)}: ${problem ?? 'good'}`, () =>
      assert.equal(findIdsProblem(declared(text)), problem));
  }

  test('a name that is empty, or holds a space', () => {
    for (const name of ['', 'a b', 'a\n']) {
      assert.equal(findIdsProblem({ hard: [name], soft: ['cookie'] }), badName(name));
    }
  });
});

describe('a change of the declaration: of which kinds nobody may have an id', () => {
  const rows: readonly (readonly [before: string, after: string, kinds: string[]])[] = [
    // What every declaration has to do with: a type that was of the other class once, and was taken away since.
    ['a | cookie', 'a | cookie', ['soft:a', 'hard:cookie']],
    ['a | cookie', 'a b | cookie g', ['soft:a', 'soft:b', 'hard:cookie', 'hard:g']],
    ['a b | cookie g', 'a | cookie', ['soft:a', 'hard:cookie']],
    ['a | cookie', 'b | cookie', ['user', 'hard:b', 'soft:b', 'hard:cookie']],
    ['a b | cookie', 'b a | cookie', ['user', 'hard:b', 'soft:b', 'soft:a', 'hard:cookie']],
    ['a b | cookie', 'a | cookie b', ['soft:a', 'hard:cookie', 'hard:b']],
    ['a | cookie b', 'a b | cookie', ['soft:a', 'soft:b', 'hard:cookie']],
  ];
  for (const [before, after, kinds] of rows) {
    test(`${before} → ${after}`, () => {
      const found = findInTheWay(declared(before), declared(after));
      assert.deepEqual(
        found.map(([kind]) => kind),
        kinds,
      );
    });
  }

  test('in words', () => {
    const found = new Map(findInTheWay(declared('a b | cookie g'), declared('b g | cookie a')));
    assert.equal(found.get('user'), "Somebody has an id of type 'a': it stays the first hard id type");
    assert.equal(found.get('hard:b'), "Somebody has an id of type 'b': it cannot become the first");
    assert.equal(found.get('soft:g'), "Somebody has a soft id of type 'g': it cannot be hard");
    assert.equal(found.get('hard:a'), "Somebody has a hard id of type 'a': it cannot be soft");
  });
});
