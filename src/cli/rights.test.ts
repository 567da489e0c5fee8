import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CliFailure } from './failure.ts';
import { changeRight, describeRights, type Permissions } from './rights.ts';

describe('a right given or taken away', () => {
  const rows: [before: Permissions, right: string, allow: boolean, after: Permissions][] = [
    [{}, 'events:set:purchase', true, { events: { set: ['purchase'] } }],
    [{ events: { set: ['a'], get: '*' } }, 'events:set:b', true, { events: { set: ['a', 'b'], get: '*' } }],
    [{ events: { set: ['a', 'b'] } }, 'events:set:a', false, { events: { set: ['b'] } }],
    [{ events: { set: ['a'] } }, 'events:set:a', true, { events: { set: ['a'] } }],
    [{ events: { set: ['a'] } }, 'events:set:*', true, { events: { set: '*' } }],
    [{ events: { set: '*' } }, 'events:set:a', true, { events: { set: '*' } }],
    [{ events: { set: '*' } }, 'events:set:*', false, { events: { set: [] } }],
    [{ properties: { get: '*' } }, 'properties:get:pin', false, { properties: { get: { except: ['pin'] } } }],
    [
      { properties: { get: { except: ['pin'] } } },
      'properties:get:iban',
      false,
      { properties: { get: { except: ['pin', 'iban'] } } },
    ],
    [{ properties: { get: { except: ['pin'] } } }, 'properties:get:pin', true, { properties: { get: '*' } }],
    [{}, 'events:set:a:b c', true, { events: { set: ['a:b c'] } }],
    [
      { gdpr: ['exportCustomers'] },
      'gdpr:exportCustomer',
      true,
      { gdpr: ['exportCustomers', 'exportCustomer'] },
    ],
    [{ gdpr: ['exportCustomer'] }, 'gdpr:exportCustomer', false, { gdpr: [] }],
    [{}, 'consents', true, { consents: true }],
    [{ recommendations: true }, 'recommendations', false, { recommendations: false }],
  ];
  for (const [before, right, allow, after] of rows) {
    test(`${allow ? 'allow' : 'deny'} ${right} in ${JSON.stringify(before)}`, () => {
      assert.deepEqual(changeRight(before, right, allow), after);
    });
  }
});

test('what is no right is refused, with what is one', () => {
  for (const right of [
    '',
    'events',
    'events:set',
    'events:set:',
    'events:put:a',
    'gdpr',
    'gdpr:*',
    'consents:x',
  ]) {
    assert.throws(
      () => changeRight({}, right, true),
      (error) => error instanceof CliFailure && error.message.includes('events:set:NAME'),
      right,
    );
  }
});

test('for people', () => {
  const permissions: Permissions = {
    events: { set: ['a', 'b'] },
    properties: { get: '*', set: { except: ['c'] } },
  };
  assert.deepEqual(Object.fromEntries(describeRights(permissions)), {
    'events get': 'none',
    'events set': 'a, b',
    'properties get': 'all',
    'properties set': 'all but c',
    gdpr: 'none',
    consents: 'no',
    recommendations: 'no',
  });
});
