/**
 * The Leanplum dialect as its clients see it: actions, answers, limits, keys. How a call may be written down, and what
 * its times mean, is in leanplum-forms.test.ts.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { demoProject } from '../support/demo-project.ts';
import { type LeanplumElement, type LeanplumOptions, leanplum } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { countsOf, exportUser, isNear, nowSec, onlyElement, send, userNotFound } from './wire.ts';

let server: Server;
before(async () => {
  server = await startServer();
});
after(() => server[Symbol.asyncDispose]());

const { appId, keys } = demoProject.leanplum;
type Params = Record<string, unknown>;

function ask(params: Params, options?: LeanplumOptions) {
  return leanplum(server, params, options);
}

/** The elements of a `multi` that was accepted. */
async function multi(data: unknown, outer: Params = {}, options?: LeanplumOptions) {
  const answer = await ask({ action: 'multi', time: nowSec(), data, ...outer }, options);
  assert.equal(answer.status, 200, answer.text);
  return answer.body.response;
}

/** A call without the credentials that `ask` adds. */
function bare(params: Params) {
  const headers = { 'content-type': 'application/json' };
  return send<{ response: LeanplumElement[] }>(server, '/api', { headers, body: JSON.stringify(params) });
}

function elementError(message: string, more: Params = {}) {
  return { success: false, error: { message }, ...more };
}

function repeat<T>(times: number, make: (index: number) => T): T[] {
  return Array.from({ length: times }, (_, index) => make(index));
}

describe("the vendor's documented example", () => {
  const example = (userId: string, second: string) => ({
    appId,
    clientKey: keys.production,
    apiVersion: '1.0.6',
    time: 1375295890,
    data: [
      { action: 'start', time: 1375295825, userAttributes: { Gender: 'Male', Age: 25 }, userId },
      { action: second, time: 1375295830, event: 'Level Complete', params: { Level: 1, Score: 100 }, userId },
    ],
  });
  const postExample = async (userId: string, second: string) => {
    const body = JSON.stringify(example(userId, second));
    const headers = { 'content-type': 'application/json' };
    const answer = await send<{ response: LeanplumElement[] }>(server, '/api?action=multi', {
      headers,
      body,
    });
    assert.equal(answer.status, 200, answer.text);
    return answer.body.response;
  };

  test('two elements succeed and the profile has it all', async () => {
    const elements = await postExample('user1', 'track');
    assert.equal(elements.length, 2);
    assert.deepEqual(
      elements.map(({ success, error }) => ({ success, error })),
      [
        { success: true, error: undefined },
        { success: true, error: undefined },
      ],
    );
    const user = await exportUser(server, { userId: 'user1' });
    assert.deepEqual(user.userAttributes, { Gender: 'Male', Age: 25 });
    assert.equal(user.totalSessions, 1);
    assert.deepEqual(Object.keys(user.events ?? {}), ['Level Complete']);
    // The sender's clock was years behind; what it says of the time between the two is kept.
    isNear(user.events?.['Level Complete']?.firstTime, nowSec() - 60);
  });

  test('a bad action in the second place fails alone', async () => {
    const elements = await postExample('user2', 'Level Complete');
    assert.equal(elements.length, 2);
    assert.equal(elements[0]?.success, true);
    const { warning, ...rest } = elements[1] ?? assert.fail();
    assert.deepEqual(rest, { success: false, error: { message: 'Action not found' } });
    assert.equal(warning?.message, elements[0]?.warning?.message, 'the clock of the batch is wrong for all');
    const user = await exportUser(server, { userId: 'user2' });
    assert.deepEqual(user.userAttributes, { Gender: 'Male', Age: 25 });
    assert.deepEqual(user.events, {});
  });
});

describe('answers', () => {
  test('one element per action, in their order, each with its reqId', async () => {
    const userId = 'aligned';
    const elements = await multi([
      { action: 'track', userId, event: 'a', reqId: 'r0' },
      { action: 'nonsense', userId, reqId: 'r1' },
      { action: 'track', userId, reqId: 'r2' },
      { action: 'track', event: 'a', reqId: 'r3' },
      { action: 'exportUser', userId, reqId: 'r4' },
      'not an object',
      null,
      { userId, reqId: 'r5' },
      { action: 'multi', userId, data: [], reqId: 'r6' },
      { action: 'uploadFile', userId, reqId: 'r7' },
      { action: 'track', userId, event: 'a', createDisposition: 'CreateNever' },
      { action: 'setUserAttributes', userId: 'nobody', createDisposition: 'CreateNever', reqId: 'r9' },
      { action: 'setUserAttributes', userId, userAttributes: { last: true }, reqId: 'r10' },
    ]);
    assert.deepEqual(elements, [
      { success: true, isOffline: true, reqId: 'r0' },
      elementError('Action not found', { reqId: 'r1' }),
      elementError("'event' must be provided", { reqId: 'r2' }),
      elementError('Invalid app/user combination', { reqId: 'r3' }),
      elementError('Invalid access key', { reqId: 'r4' }),
      elementError('Action not found'),
      elementError('Action not found'),
      elementError('Action not found', { reqId: 'r5' }),
      elementError('Action not found', { reqId: 'r6' }),
      elementError('Action not supported yet: uploadFile', { reqId: 'r7' }),
      { success: true, isOffline: true },
      { success: true, warning: { message: 'User not found; request skipped.' }, reqId: 'r9' },
      { success: true, reqId: 'r10' },
    ]);
    assert.deepEqual(await countsOf(server, userId), { a: 2 });
    assert.deepEqual((await exportUser(server, { userId })).userAttributes, { last: 'True' });
  });

  test('a batch in which everything fails is still accepted', async () => {
    const elements = await multi([{ action: 'x' }, { action: 'track', userId: 'u' }]);
    assert.deepEqual(elements, [elementError('Action not found'), elementError("'event' must be provided")]);
  });

  test('empty data has an empty answer', async () => {
    assert.deepEqual(await multi([]), []);
  });

  test('a single call echoes its reqId, also with a refusal', async () => {
    const done = await ask({ action: 'track', userId: 'single', event: 'a', reqId: 'r1' });
    assert.deepEqual(onlyElement(done), { success: true, isOffline: true, reqId: 'r1' });
    const refused = await ask({ action: 'track', userId: 'single', reqId: 'r2' });
    assert.equal(refused.status, 400);
    assert.deepEqual(onlyElement(refused), elementError("'event' must be provided", { reqId: 'r2' }));
  });

  test('actions of one user run in the order of the array', async () => {
    const userId = 'in order';
    const set = (step: number) => ({
      action: 'setUserAttributes',
      userId,
      userAttributes: { [`n${step}`]: step, last: step },
    });
    await multi([...repeat(30, set), { action: 'setUserAttributes', userId, userAttributes: { n3: null } }]);
    const { userAttributes = {} } = await exportUser(server, { userId });
    assert.equal(userAttributes['last'], 29);
    assert.equal(Object.keys(userAttributes).length, 30, 'n0 to n29 without n3, and last');
  });

  test('the user, the device and devMode of the outer call are defaults for its elements', async () => {
    const data = [
      { action: 'track', event: 'mine' },
      { action: 'track', event: 'mine', userId: '', deviceId: null },
      { action: 'track', event: 'his', userId: 'other user' },
    ];
    await multi(data, { userId: 'outer user', deviceId: 'outer device' });
    assert.deepEqual(await countsOf(server, 'outer user'), { mine: 2 });
    assert.deepEqual(await countsOf(server, 'other user'), { his: 1 });
    // Both were named with the device; it is the latter's now.
    assert.equal((await exportUser(server, { deviceId: 'outer device' })).userId, 'other user');
    const refused = await ask({ action: 'multi', time: nowSec(), devMode: true, data });
    assert.equal(refused.status, 403);
    assert.deepEqual(await countsOf(server, 'outer user'), { mine: 2 });
  });
});

describe('headers', () => {
  const track = { action: 'track', userId: 'headers', event: 'a' };
  const rows: [name: string, params: Params, status: number][] = [
    ['a success', { ...track, appId, clientKey: keys.production }, 200],
    ['a missing parameter', { ...track, clientKey: keys.production }, 400],
    ['a wrong key', { ...track, appId, clientKey: 'prod_wrong' }, 403],
    ['an unknown app', { ...track, appId: 'app_none', clientKey: keys.production }, 404],
  ];
  for (const [name, params, status] of rows) {
    test(`of ${name}`, async () => {
      const answer = await bare(params);
      assert.equal(answer.status, status, answer.text);
      assert.equal(answer.headers.get('content-type'), 'application/json;charset=utf-8');
      assert.equal(answer.headers.get('access-control-allow-origin'), '*');
      assert.equal(answer.headers.get('cache-control'), 'private');
    });
  }

  for (const path of ['/api', '/api/', '/api-batch']) {
    test(`a browser that asks first may send to ${path}`, async () => {
      const answer = await fetch(server.url + path, {
        method: 'OPTIONS',
        headers: {
          origin: 'https://shop.test',
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type,x-other',
        },
      });
      assert.ok(answer.ok, String(answer.status));
      assert.equal(answer.headers.get('access-control-allow-origin'), '*');
      assert.equal(answer.headers.get('access-control-allow-methods'), 'GET, POST, OPTIONS');
      assert.equal(answer.headers.get('access-control-allow-headers'), 'content-type,x-other');
    });
  }
});

describe('refusals of a single call', () => {
  const track = { action: 'track', userId: 'refused', event: 'a' };
  const rows: [params: Params, status: number, message: string][] = [
    [{ ...track, appId: undefined }, 400, "'appId' must be provided"],
    [{ ...track, appId: '' }, 400, "'appId' must be provided"],
    [{ ...track, clientKey: undefined }, 400, "'clientKey' must be provided"],
    [{ ...track, clientKey: null }, 400, "'clientKey' must be provided"],
    [{ ...track, appId: 'app_unknown' }, 404, 'App not found'],
    [{ ...track, appId: 'app_unknown', clientKey: 'x' }, 404, 'App not found'],
    [{ ...track, clientKey: 'prod_unknown' }, 403, 'Invalid access key'],
    [{ ...track, clientKey: keys.dataExport }, 403, 'Invalid access key'],
    [{ ...track, clientKey: keys.contentReadOnly }, 403, 'Invalid access key'],
    [{ ...track, action: 'start', clientKey: keys.dataExport }, 403, 'Invalid access key'],
    [{ ...track, action: 'setUserAttributes', clientKey: keys.dataExport }, 403, 'Invalid access key'],
    [{ ...track, action: 'exportUser' }, 403, 'Invalid access key'],
    [{ ...track, action: 'exportUser', clientKey: keys.development }, 403, 'Invalid access key'],
    [{ ...track, action: 'exportUser', clientKey: keys.contentReadOnly }, 403, 'Invalid access key'],
    [{ ...track, devMode: true }, 403, 'Development mode requested but not permitted'],
    [{ ...track, devMode: 'True' }, 403, 'Development mode requested but not permitted'],
    [{ ...track, devMode: '1' }, 403, 'Development mode requested but not permitted'],
    [{ ...track, devMode: 1 }, 403, 'Development mode requested but not permitted'],
    [{ ...track, action: undefined }, 400, "'action' must be provided"],
    [{ ...track, action: '' }, 400, "'action' must be provided"],
    [{ ...track, action: 'getUser' }, 400, 'Action not found'],
    [{ ...track, action: 'Track' }, 400, 'Action not found'],
    [{ ...track, action: 'toString' }, 400, 'Action not found'],
    [{ ...track, userId: undefined }, 400, 'Invalid app/user combination'],
    [{ ...track, userId: '', deviceId: null }, 400, 'Invalid app/user combination'],
    [{ ...track, action: 'start', userId: undefined }, 400, 'Invalid app/user combination'],
    [{ ...track, action: 'setUserAttributes', userId: undefined }, 400, 'Invalid app/user combination'],
    [
      { ...track, action: 'exportUser', clientKey: keys.dataExport, userId: undefined },
      400,
      'Invalid app/user combination',
    ],
    [{ ...track, event: undefined }, 400, "'event' must be provided"],
    [{ ...track, event: '' }, 400, "'event' must be provided"],
    [{ ...track, event: null, messageId: '' }, 400, "'event' must be provided"],
    [{ ...track, action: 'multi', data: undefined }, 400, "'data' must be provided"],
  ];
  for (const [params, status, message] of rows) {
    const given = JSON.stringify({ ...params, clientKey: params['clientKey'] ?? null });
    test(`${status} ${message}: ${given}`, async () => {
      const answer = await bare({ appId, clientKey: keys.production, ...params });
      assert.equal(answer.status, status, answer.text);
      assert.deepEqual(answer.body, { response: [elementError(message)] });
    });
  }

  test('none of them has left a trace', async () => {
    const answer = await ask({ action: 'exportUser', userId: 'refused' }, { key: 'dataExport' });
    assert.equal(answer.text, userNotFound);
  });
});

describe('keys', () => {
  test('the development key does what the production key does, with and without devMode', async () => {
    for (const devMode of [undefined, true, false]) {
      const answer = await ask(
        { action: 'track', userId: 'developer', event: 'a', devMode },
        { key: 'development' },
      );
      assert.equal(onlyElement(answer).success, true, answer.text);
    }
    assert.deepEqual(await countsOf(server, 'developer'), { a: 3 });
  });

  for (const devMode of [false, 'false', 'False', '0', 0, null, '']) {
    test(`devMode ${JSON.stringify(devMode)} is no development mode`, async () => {
      const answer = await ask({ action: 'track', userId: 'no developer', event: 'a', devMode });
      assert.equal(answer.status, 200, answer.text);
    });
  }

  test('devMode with a production key is let in by the setting, and other classes stay what they are', async () => {
    await using allowing = await startServer({
      environment: { RAPPORT_PRODUCTION_KEY_DEV_MODE: 'allow', RAPPORT_DEV_MODE_LIMIT: 'off' },
    });
    const track = { action: 'track', userId: 'developer', event: 'a', devMode: true };
    const single = await leanplum(allowing, track);
    assert.deepEqual([single.status, single.body.response[0]?.success], [200, true]);
    const data = [track, { action: 'exportUser', userId: 'developer', devMode: true }];
    const batch = await leanplum(allowing, { action: 'multi', time: 1, devMode: true, data });
    assert.deepEqual(
      batch.body.response.map((it) => it.success),
      [true, false],
    );
  });

  test('a wrong class fails alone, a forbidden devMode too', async () => {
    const userId = 'classes';
    const byProduction = await multi([
      { action: 'track', userId, event: 'a' },
      { action: 'exportUser', userId },
      { action: 'track', userId, event: 'b', devMode: true },
      { action: 'track', userId, event: 'c' },
    ]);
    assert.deepEqual(byProduction, [
      { success: true, isOffline: true },
      elementError('Invalid access key'),
      elementError('Development mode requested but not permitted'),
      { success: true, isOffline: true },
    ]);
    const byExport = await multi(
      [
        { action: 'track', userId, event: 'd' },
        { action: 'exportUser', userId },
      ],
      {},
      { key: 'dataExport' },
    );
    assert.deepEqual(byExport[0], elementError('Invalid access key'));
    assert.equal(byExport[1]?.userId, userId);
    assert.deepEqual(await countsOf(server, userId), { a: 1, c: 1 });
  });

  test('nested keys count only when the outer call has none', async () => {
    const element = { action: 'track', userId: 'nested keys', event: 'a', appId, clientKey: keys.production };
    const call = { action: 'multi', time: nowSec() };
    const byNested = await bare({ ...call, data: [element] });
    assert.equal(byNested.status, 200, byNested.text);
    const wrongNested = { ...element, appId: 'app_wrong', clientKey: 'prod_wrong' };
    assert.equal(onlyElement(await ask({ ...call, data: [wrongNested] })).success, true);
    const wrongOuter = await bare({ ...call, appId, clientKey: 'prod_wrong', data: [element] });
    assert.equal(wrongOuter.status, 403);
    assert.deepEqual(await countsOf(server, 'nested keys'), { a: 2 });
  });
});

describe('actions that are not built yet', () => {
  const names = `downloadFile uploadFile
    addAndroidNotificationChannel deleteAndroidNotificationChannel getMultiResults exportData exportReport exportUsers getExportResults addPostback listPostbacks
    deletePostback broadcast`.split(/\s+/);

  test('say so by name, one by one in a batch', async () => {
    const data = names.map((action) => ({ action, userId: 'early', reqId: action }));
    const expected = names.map((name) => elementError(`Action not supported yet: ${name}`, { reqId: name }));
    assert.deepEqual(await multi(data), expected);
  });

  test('and alone', async () => {
    for (const name of names) {
      const answer = await ask({ action: name, userId: 'early' });
      assert.deepEqual(onlyElement(answer), elementError(`Action not supported yet: ${name}`));
    }
  });
});

describe('limits of multi', () => {
  const tracks = (count: number, userOf: (index: number) => Params) =>
    repeat(count, (index) => ({ action: 'track', event: 'a', ...userOf(index) }));
  const isUnknown = async (userId: string) => {
    const answer = await ask({ action: 'exportUser', userId }, { key: 'dataExport' });
    assert.equal(answer.text, userNotFound);
  };

  test('501 actions of an API caller are refused as a whole', async () => {
    const data = tracks(501, () => ({ userId: 'too much' }));
    const answer = await ask({ action: 'multi', time: nowSec(), data });
    assert.equal(answer.status, 403);
    assert.deepEqual(answer.body, { response: [elementError('Too many actions in batch.')] });
    await isUnknown('too much');
  });

  for (const name of ['userId', 'deviceId']) {
    test(`51 users named by ${name} are refused as a whole`, async () => {
      const data = tracks(51, (index) => ({ [name]: `crowd ${name} ${index}` }));
      const answer = await ask({ action: 'multi', time: nowSec(), data });
      assert.equal(answer.status, 403);
      assert.equal(onlyElement(answer).success, false);
      assert.equal(typeof onlyElement(answer).error?.message, 'string');
      await isUnknown(`crowd ${name} 0`);
      await isUnknown(`crowd ${name} 50`);
    });
  }

  test('500 actions for 50 users are taken', async () => {
    const elements = await multi(tracks(500, (index) => ({ userId: `fits ${index % 50}` })));
    assert.deepEqual(
      elements,
      repeat(500, () => ({ success: true, isOffline: true })),
    );
    assert.deepEqual(await countsOf(server, 'fits 0'), { a: 10 });
    assert.deepEqual(await countsOf(server, 'fits 49'), { a: 10 });
  });

  test('an SDK may send 10,000 actions for any number of users, not more', async () => {
    const data = tracks(10_000, (index) => ({ userId: `sdk ${index % 60}` }));
    const sdk = { sdkVersion: '6.0.0' };
    const elements = await multi(data, sdk);
    assert.deepEqual(
      elements,
      repeat(10_000, () => ({ success: true, isOffline: true })),
    );
    assert.deepEqual(await countsOf(server, 'sdk 59'), { a: 166 });
    const tooMuch = await ask({ action: 'multi', time: nowSec(), ...sdk, data: [...data, data[0]] });
    assert.equal(tooMuch.status, 403);
    assert.deepEqual(tooMuch.body, { response: [elementError('Too many actions in batch.')] });
    assert.deepEqual(await countsOf(server, 'sdk 0'), { a: 167 });
  });

  test('an SDK call with 501 actions is answered 200 with 501 elements', async () => {
    const elements = await multi(
      tracks(501, () => ({ userId: 'sdk 501' })),
      { sdkVersion: '1.9.0' },
    );
    assert.equal(elements.length, 501);
    assert.deepEqual(await countsOf(server, 'sdk 501'), { a: 501 });
  });
});

describe('repeats of an SDK', () => {
  const sdk = { sdkVersion: '6.0.0' };
  const stored = (user: string, ...pairs: [uuid: unknown, reqId: unknown][]) =>
    pairs.map(([uuid, reqId]) => ({
      action: 'track',
      userId: user,
      deviceId: `${user} phone`,
      event: 'a',
      uuid,
      reqId,
    }));

  test('a batch sent again counts once and gets well-formed answers', async () => {
    const data = [
      { action: 'start', userId: 'again', deviceId: 'again phone', uuid: 'batch', reqId: 'r0' },
      ...stored('again', ['batch', 'r1'], ['batch', 'r2']),
    ];
    for (const round of ['first', 'second', 'third']) {
      const [start, ...tracks] = await multi(data, sdk);
      assertContent(start, 'r0');
      const expected = [
        { success: true, reqId: 'r1' },
        { success: true, reqId: 'r2' },
      ];
      assert.deepEqual(tracks, expected, round);
    }
    const user = await exportUser(server, { userId: 'again' });
    assert.equal(user.totalSessions, 1);
    assert.equal(user.events?.['a']?.count, 2);
  });

  test('sent by several connections at once it counts once', async () => {
    const data = stored('at once', ['batch', 'r1'], ['batch', 'r2'], ['batch', 'r3']);
    const answers = await Promise.all(repeat(12, () => multi(data, sdk)));
    for (const elements of answers) {
      assert.deepEqual(
        elements.map(({ success, reqId }) => `${success} ${reqId}`),
        ['true r1', 'true r2', 'true r3'],
      );
    }
    assert.deepEqual(await countsOf(server, 'at once'), { a: 3 });
  });

  const rows: [name: string, pairs: [unknown, unknown][], count: number][] = [
    [
      'the same pair inside one batch',
      [
        ['b', 'r1'],
        ['b', 'r1'],
        ['b', 'r1'],
      ],
      1,
    ],
    [
      'another reqId',
      [
        ['b', 'r1'],
        ['b', 'r2'],
      ],
      2,
    ],
    [
      'another uuid',
      [
        ['b1', 'r1'],
        ['b2', 'r1'],
      ],
      2,
    ],
    [
      'no uuid',
      [
        [undefined, 'r1'],
        [undefined, 'r1'],
      ],
      2,
    ],
    [
      'no reqId',
      [
        ['b', undefined],
        ['b', undefined],
      ],
      2,
    ],
  ];
  for (const [name, pairs, count] of rows) {
    test(`${name}: counts ${count}`, async () => {
      const elements = await multi(stored(name, ...pairs), sdk);
      assert.deepEqual(
        elements.map(({ success, reqId }) => ({ success, reqId })),
        pairs.map(([, reqId]) => ({ success: true, reqId })),
      );
      assert.deepEqual(await countsOf(server, name), { a: count });
    });
  }

  test('the same pair of another device is another action', async () => {
    await multi(stored('one', ['b', 'r1']), sdk);
    await multi(stored('two', ['b', 'r1']), sdk);
    assert.deepEqual(await countsOf(server, 'one'), { a: 1 });
    assert.deepEqual(await countsOf(server, 'two'), { a: 1 });
  });

  test('single calls are recognised as well', async () => {
    const [action] = stored('alone', ['b', 'r1']);
    assert.deepEqual(onlyElement(await ask({ ...action, ...sdk })), {
      success: true,
      isOffline: true,
      reqId: 'r1',
    });
    assert.deepEqual(onlyElement(await ask({ ...action, ...sdk })), { success: true, reqId: 'r1' });
    assert.deepEqual(await countsOf(server, 'alone'), { a: 1 });
  });
});

/** There is no content yet, but all of its fields have to be there and of their type. */
function assertContent(element: LeanplumElement | undefined, reqId?: string): void {
  const { token, syncNewsfeed, ...content } = element as LeanplumElement & Params;
  assert.match(String(token), /^[\w-]{43}$/);
  assert.ok(syncNewsfeed === undefined || syncNewsfeed === false);
  assert.deepEqual(content, {
    success: true,
    vars: {},
    messages: {},
    variants: [],
    regions: {},
    interfaceRules: [],
    interfaceEvents: [],
    ...(reqId === undefined ? {} : { reqId }),
  });
}
