import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { IdentityId, ProfileId, ProjectId } from '../../core/ids.ts';
import { type IdentityKind, newProfile } from '../../core/profile.ts';
import { readIdTypes } from '../../core/project/id-types.ts';
import { defaultSettings } from '../../core/project.ts';
import type { Json } from '../../lib/json.ts';
import { readCustomerIds, showIds } from './customer-ids.ts';
import { idLengthMax, idsMax, idValuesMax } from './limits.ts';

const longest = 'x'.repeat(idLengthMax);
const many = Array.from({ length: idValuesMax }, (_, n) => `c${n}`);

const types = readIdTypes(defaultSettings.ids);
const wide = readIdTypes({
  hard: ['customer', 'email_id', 'constructor'],
  soft: ['google_analytics', 'cookie', 'device'],
});

/** The ids as text `kind value`, or the problem. */
function idsOf(value: Json | undefined, known = types): readonly string[] | string {
  const read = readCustomerIds(value, known);
  if (read.problem !== undefined) return read.problem;
  assert.ok(
    read.ids.every(({ attach }) => attach),
    'every id named here is given to the customer',
  );
  return read.ids.map(({ kind, value: text }) => `${kind} ${text}`);
}

describe('customer_ids', () => {
  const rows: readonly (readonly [Json | undefined, string[] | 'none' | 'none_valid'])[] = [
    [undefined, 'none'],
    [null, 'none'],
    ['ann', 'none'],
    [[], 'none'],
    [['ann'], 'none'],
    [{}, 'none'],
    [{ registered: 'ann' }, ['user ann']],
    [{ registered: 'Ann@Shop.test' }, ['user Ann@Shop.test']],
    [{ cookie: 'c' }, ['cookie c']],
    [{ cookie: 'c', registered: 'ann' }, ['cookie c', 'user ann']],
    [{ registered: 1 }, ['user 1']],
    [{ registered: 0, cookie: 1.5 }, ['user 0', 'cookie 1.5']],
    [{ cookie: ['a', 2, 'b'] }, ['cookie a', 'cookie 2', 'cookie b']],
    [{ cookie: ['a', 'a', 'b'] }, ['cookie a', 'cookie b']],
    [{ cookie: '1', registered: 1 }, ['cookie 1', 'user 1']],
    [{ registered: ['ann'] }, ['user ann']],
    // A hard id has one value.
    [{ registered: ['ann', 'bob'] }, 'none_valid'],
    [{ registered: [] }, 'none_valid'],
    // Only what the project knows.
    [{ google_analytics: 'x' }, 'none_valid'],
    [{ google_analytics: 'x', cookie: 'c' }, ['cookie c']],
    [{ device: 'phone', user: 'ann' }, 'none_valid'],
    [{ constructor: 'x', toString: 'y' } as unknown as Json, 'none_valid'],
    [JSON.parse('{"__proto__":"x"}'), 'none_valid'],
    // Unusable beside a good one.
    [{ registered: null, cookie: 'c' }, ['cookie c']],
    [{ registered: '', cookie: 'c' }, ['cookie c']],
    [{ registered: true, cookie: ['c', null, {}, []] }, ['cookie c']],
    [{ registered: {} }, 'none_valid'],
    [{ registered: JSON.parse('1e400') }, 'none_valid'],
    // At least one letter or digit of any script, and not the word for nothing.
    [{ registered: ' ' }, 'none_valid'],
    [{ registered: '--@--' }, 'none_valid'],
    [{ registered: 'null' }, 'none_valid'],
    [{ registered: 'UNDEFINED' }, 'none_valid'],
    [{ registered: 'nullable' }, ['user nullable']],
    [{ registered: 'ż' }, ['user ż']],
    [{ registered: '客戶' }, ['user 客戶']],
    [{ registered: '٣' }, ['user ٣']],
    [{ registered: '__proto__' }, ['user __proto__']],
    [{ registered: longest }, [`user ${longest}`]],
    [{ registered: `${longest}x` }, 'none_valid'],
    [{ cookie: many }, many.map((it) => `cookie ${it}`)],
    [{ cookie: [...many, 'more'] }, 'none_valid'],
  ];
  for (const [value, expected] of rows) {
    test(`${JSON.stringify(value)?.slice(0, 50)} ${Array.isArray(expected) ? 'is usable' : expected}`, () => {
      assert.deepEqual(idsOf(value), expected);
    });
  }
});

describe('customer_ids of a project with more types', () => {
  const rows: readonly (readonly [Json, string[] | 'none_valid'])[] = [
    [{ customer: 1 }, ['user 1']],
    [{ registered: 'ann' }, 'none_valid'],
    [{ email_id: 'a@b.c' }, ['hard:email_id a@b.c']],
    [{ email_id: ['a@b.c'] }, ['hard:email_id a@b.c']],
    [{ email_id: ['a@b.c', 'd@e.f'], cookie: 'c' }, ['cookie c']],
    [
      { google_analytics: ['x', 2], device: 'd' },
      ['soft:google_analytics x', 'soft:google_analytics 2', 'soft:device d'],
    ],
    [{ google_analytics: 'same', cookie: 'same' }, ['soft:google_analytics same', 'cookie same']],
    [{ constructor: 'x' } as unknown as Json, ['hard:constructor x']],
    // Several hard ids come in the order of their declaration; what one type has, in the order in which it is given.
    [
      { cookie: ['b', 'a'], email_id: 'e', customer: 'ann', google_analytics: 'g' },
      ['user ann', 'hard:email_id e', 'soft:google_analytics g', 'cookie b', 'cookie a'],
    ],
    [{ email_id: 'null', customer: '', 'hard:email_id': 'x', user: 'x', soft: 'x' }, 'none_valid'],
  ];
  for (const [value, expected] of rows) {
    test(JSON.stringify(value), () => assert.deepEqual(idsOf(value, wide), expected));
  }
});

test('more ids than a command may have are refused, of whichever types', () => {
  const soft = ['cookie', 'a', 'b', 'c', 'd'];
  const known = readIdTypes({ hard: ['registered'], soft });
  const list = (type: string, count: number) => Array.from({ length: count }, (_, n) => `${type}${n}`);
  const full = Object.fromEntries(soft.slice(0, 4).map((type) => [type, list(type, idValuesMax)]));
  assert.equal(idsOf(full, known).length, idsMax);
  assert.equal(idsOf({ ...full, d: ['', null] }, known).length, idsMax, 'unusable ones do not count');
  assert.equal(idsOf({ ...full, d: 'one' }, known), 'too_many');
  assert.equal(idsOf({ registered: 'ann', ...full }, known), 'too_many');
});

describe('the ids that are shown', () => {
  const shown = (...identities: (readonly [IdentityKind, string])[]) => showAll(types, identities);
  const showAll = (known: typeof types, identities: readonly (readonly [IdentityKind, string])[]) => {
    const profile = newProfile(1 as ProfileId, 1 as ProjectId, 0);
    for (const [index, [kind, value]] of identities.entries()) {
      profile.identities.push({ id: (index + 2) as IdentityId, kind, value });
    }
    return [...showIds(profile, known)];
  };

  test('hard ids as text, soft ids as lists in the order of their use', () => {
    const ids = shown(['cookie', 'b'], ['user', 'ann'], ['cookie', 'a']);
    assert.deepEqual(ids, [
      ['registered', 'ann'],
      ['cookie', ['b', 'a']],
    ]);
  });

  test('a hard id that is not there is left out, no soft ids are an empty list', () => {
    assert.deepEqual(shown(), [['cookie', []]]);
  });

  test('devices belong to the other dialect', () => {
    assert.deepEqual(shown(['device', 'phone']), [['cookie', []]]);
  });

  const everything = [
    ['soft:google_analytics', 'g'],
    ['cookie', 'c'],
    ['hard:email_id', 'e'],
    ['user', 'ann'],
    ['device', 'phone'],
    ['soft:device', 'd'],
  ] as const;

  test('of every type of the project, in the order of their declaration', () => {
    assert.deepEqual(showAll(wide, everything), [
      ['customer', 'ann'],
      ['email_id', 'e'],
      ['google_analytics', ['g']],
      ['cookie', ['c']],
      ['device', ['d']],
    ]);
  });

  test('of no type that the project does not declare', () => {
    assert.deepEqual(showAll(types, everything), [
      ['registered', 'ann'],
      ['cookie', ['c']],
    ]);
  });
});
