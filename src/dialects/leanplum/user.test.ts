import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { faults } from './fault.ts';
import { isFault, type Parameters } from './parameters.ts';
import { becoming, type User, Users } from './user.ts';

const idLength = 10;

/** The ids for the core as text: `kind value`, with a `?` in front when it only helps to find. */
function idsOf(action: Parameters, outer: Parameters = {}): string[] | string {
  const user = new Users(outer, idLength).of(action);
  if (isFault(user)) return user.message;
  return user.ids.map(({ kind, value, attach }) => `${attach ? '' : '?'}${kind} ${value}`);
}

const long = 'x'.repeat(idLength + 1);
const longest = long.slice(1);
const none = faults.noUser.message;

describe('whom an action names', () => {
  const rows: readonly (readonly [Parameters, ids: string[] | string])[] = [
    [{}, none],
    [{ userId: null, deviceId: '' }, none],
    [{ userId: true, deviceId: [] }, "'userId' is invalid."],
    [{ userId: 'ann', deviceId: {} }, "'deviceId' is invalid."],
    // Either of them may be the id of an anonymous user's device.
    [{ userId: 'ann' }, ['user ann', '?device ann']],
    [{ userId: 'ann', deviceId: null }, ['user ann', '?device ann']],
    [{ deviceId: 'phone' }, ['device phone']],
    [{ userId: '', deviceId: 'phone' }, ['device phone']],
    [{ userId: 'ann', deviceId: 'phone' }, ['user ann', 'device phone']],
    // An anonymous user has no user id of his own (design D9).
    [{ userId: 'phone', deviceId: 'phone' }, ['?user phone', 'device phone']],
    [{ userId: 123_456, deviceId: '123456' }, ['?user 123456', 'device 123456']],
    [{ userId: 0 }, ['user 0', '?device 0']],
    [{ userId: ' ' }, ['user  ', '?device  ']],
    [{ userId: '__proto__' }, ['user __proto__', '?device __proto__']],
    [{ userId: longest }, [`user ${longest}`, `?device ${longest}`]],
    [{ userId: long }, faults.tooLong('userId', idLength).message],
    [{ deviceId: long }, faults.tooLong('deviceId', idLength).message],
    [{ userId: 'ann', deviceId: long }, faults.tooLong('deviceId', idLength).message],
  ];
  for (const [action, ids] of rows) {
    test(JSON.stringify(action).slice(0, 60), () => assert.deepEqual(idsOf(action), ids));
  }

  const defaults: readonly (readonly [outer: Parameters, action: Parameters, ids: string[]])[] = [
    [{ userId: 'ann', deviceId: 'phone' }, {}, ['user ann', 'device phone']],
    [{ userId: 'ann', deviceId: 'phone' }, { userId: 'bob' }, ['user bob', 'device phone']],
    [{ userId: 'ann', deviceId: 'phone' }, { userId: null, deviceId: 'tv' }, ['user ann', 'device tv']],
    [{ deviceId: 'phone' }, { userId: 'phone' }, ['?user phone', 'device phone']],
    [{ userId: 7 }, { userId: '' }, ['user 7', '?device 7']],
  ];
  for (const [outer, action, ids] of defaults) {
    test(`outer ${JSON.stringify(outer)}, inner ${JSON.stringify(action)}`, () => {
      assert.deepEqual(idsOf(action, outer), ids);
    });
  }
});

describe('the users of one call', () => {
  test('neighbours that name the same user share their ids', () => {
    const users = new Users({}, idLength);
    const first = users.of({ userId: 'ann', deviceId: 'phone' });
    assert.equal(users.of({ userId: 'ann', deviceId: 'phone', event: 'x' }), first);
    const other = users.of({ userId: 'ann' });
    assert.notEqual(other, first);
    assert.deepEqual(users.of({ userId: 'ann', deviceId: 'phone' }), first);
  });

  test('a fault is not handed on to the next', () => {
    const users = new Users({}, idLength);
    assert.equal(users.of({}), faults.noUser);
    assert.ok(!isFault(users.of({ userId: 'ann' })));
    assert.equal(users.of({}), faults.noUser);
    assert.ok(isFault(users.of({ userId: long })));
    assert.ok(!isFault(users.of({ userId: 'ann' })));
  });

  test('the name by which a user counts', () => {
    const users = new Users({ deviceId: 'phone' }, idLength);
    assert.equal(users.nameOf({ userId: 'ann', deviceId: 'tv' }), 'ann');
    assert.equal(users.nameOf({ userId: 5 }), '5');
    assert.equal(users.nameOf({ deviceId: 'tv' }), 'tv');
    assert.equal(users.nameOf({}), 'phone');
    assert.equal(new Users({ userId: 'ann' }, idLength).nameOf({ deviceId: 'tv' }), 'ann');
    assert.equal(new Users({}, idLength).nameOf({}), undefined);
  });
});

describe('whom a user becomes', () => {
  const rows: readonly (readonly [
    newUserId: Parameters[string],
    action: Parameters,
    next: string | undefined,
  ])[] = [
    ['kim', { userId: 'ann' }, 'user kim'],
    ['kim', { userId: 'phone', deviceId: 'phone' }, 'user kim'],
    ['kim', { deviceId: 'phone' }, 'user kim'],
    [7, { userId: 'ann', deviceId: 'phone' }, 'user 7'],
    // The same, or nobody: nothing changes.
    ['ann', { userId: 'ann', deviceId: 'phone' }, undefined],
    ['phone', { userId: 'phone', deviceId: 'phone' }, undefined],
    // A device's id is nobody's name.
    ['phone', { userId: 'ann', deviceId: 'phone' }, undefined],
    ['phone', { deviceId: 'phone' }, undefined],
    ['', { userId: 'ann' }, undefined],
    [null, { userId: 'ann' }, undefined],
    [longest, { userId: 'ann' }, `user ${longest}`],
  ];
  for (const [newUserId, action, next] of rows) {
    test(`${JSON.stringify(action)} → ${JSON.stringify(newUserId)?.slice(0, 40)}`, () => {
      const user = new Users({}, idLength).of(action) as User;
      const ids = becoming(user, newUserId, idLength);
      assert.ok(!isFault(ids));
      const becomes = ids.filter((it) => it.becomes).map(({ kind, value }) => `${kind} ${value}`);
      assert.deepEqual(becomes, next === undefined ? [] : [next]);
      assert.deepEqual(ids.slice(0, user.ids.length), user.ids);
    });
  }

  test('too long a name', () => {
    const ids = becoming(new Users({}, idLength).of({ userId: 'ann' }) as User, long, idLength);
    assert.ok(isFault(ids));
    assert.equal(ids.message, faults.tooLong('newUserId', idLength).message);
  });
});
