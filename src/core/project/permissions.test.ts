import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  covers,
  coversNothing,
  type DeclaredNames,
  type DeclaredPermissions,
  defaultPermissions,
  readPermissions,
} from './permissions.ts';

const setOf = (set: DeclaredNames) => readPermissions({ events: { set } }).events.set;

describe('names that a right covers', () => {
  const rows: [declared: DeclaredNames, name: string, covered: boolean][] = [
    ['*', 'purchase', true],
    ['*', '', true],
    [[], 'purchase', false],
    [['purchase', 'visit'], 'visit', true],
    [['purchase'], 'Purchase', false],
    [['purchase'], 'never seen', false],
    [['*'], 'purchase', false],
    [['*'], '*', true],
    [{ except: ['secret'] }, 'secret', false],
    [{ except: ['secret'] }, 'never seen', true],
    [{ except: [] }, 'purchase', true],
    [['toString'], '__proto__', false],
  ];
  for (const [declared, name, covered] of rows) {
    test(`${JSON.stringify(declared)} and '${name}'`, () => {
      assert.equal(covers(setOf(declared), name), covered);
    });
  }

  test('none at all', () => {
    const declared: DeclaredNames[] = ['*', [], ['a'], { except: [] }, { except: ['a'] }];
    assert.deepEqual(
      declared.map((it) => coversNothing(setOf(it))),
      [false, true, false, false, false],
    );
  });
});

describe('what is left out is not allowed', () => {
  const rows: DeclaredPermissions[] = [{}, { events: {} }, { properties: {}, gdpr: [] }];
  for (const declared of rows) {
    test(JSON.stringify(declared), () => {
      const { events, properties, gdpr, consents, recommendations } = readPermissions(declared);
      const names = [events.get, events.set, properties.get, properties.set];
      assert.ok(names.every(coversNothing));
      assert.deepEqual([gdpr.size, consents, recommendations], [0, false, false]);
    });
  }
});

test('keys made without permissions: both write, only private ones read', () => {
  const open = readPermissions(defaultPermissions.private);
  const token = readPermissions(defaultPermissions.public);
  const all = { get: undefined, set: undefined };
  assert.deepEqual([open.events, open.properties], [all, all]);
  assert.deepEqual([token.events.set, token.properties.set], [undefined, undefined]);
  assert.ok(coversNothing(token.events.get) && coversNothing(token.properties.get));
  assert.deepEqual([open.gdpr.size, open.consents, token.gdpr.size, token.consents], [3, true, 0, false]);
});
