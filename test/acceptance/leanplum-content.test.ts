/**
 * What belongs to an app and to none of its users: variables, templates, files, developers' devices. And the lists of
 * what nobody can make yet.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { demoProject } from '../support/demo-project.ts';
import { type LeanplumElement, leanplum } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { form, nowSec, onlyElement, send } from './wire.ts';

type Params = Record<string, unknown>;
type Keys = keyof typeof demoProject.leanplum.keys;

/** Contents are of a project: every test that changes one has its own. */
const keys = { production: 'prod_', development: 'dev_', dataExport: 'exp_', contentReadOnly: 'cro_' };
const apps = Array.from({ length: 18 }, (_, n) => `app_${n}`);
const projects = apps.map((appId) => ({ name: appId, leanplum: { appId, keys } }));

/** The first server keeps the folders until the end; `server` is the one that runs now. */
let first: Server;
let server: Server;
before(async () => {
  first = await startServer({ bootstrap: { projects: [demoProject, ...projects] } });
  server = first;
});
after(async () => {
  if (server !== first) await server[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
});

/** A project of its own. */
function newApp() {
  const appId = apps.pop() ?? assert.fail('declare more projects');
  const call = async (params: Params, key: Keys = 'development', headers: Record<string, string> = {}) => {
    const answer = await leanplum(server, { appId, clientKey: keys[key], ...params }, { headers });
    return { ...answer, element: onlyElement(answer) as LeanplumElement & Params };
  };
  const element = async (params: Params, key: Keys = 'development') => (await call(params, key)).element;
  const multi = async (data: Params[], outer: Params = {}, headers: Record<string, string> = {}) => {
    const body = { appId, clientKey: keys.development, action: 'multi', time: nowSec(), data, ...outer };
    const answer = await leanplum(server, body, { headers });
    assert.equal(answer.status, 200, answer.text);
    return answer.body.response as (LeanplumElement & Params)[];
  };
  const vars = async () => (await element({ action: 'getVars' }, 'production'))['vars'];
  return { appId, call, element, multi, vars };
}

const done = { success: true };
const empty = { variants: [], messages: {}, regions: {}, interfaceRules: [], interfaceEvents: [] };
const failed = (message: string) => ({ success: false, error: { message } });

describe('variables', () => {
  test('what setVars registers, getVars and start return', async () => {
    const { element } = newApp();
    const vars = { welcome: { title: 'Hi', list: [1, 'x', { a: null }] }, 'a.b': 1.5, 'c\\.d': true };
    assert.deepEqual(await element({ action: 'setVars', vars }), done);
    const nested = { welcome: vars.welcome, a: { b: 1.5 }, 'c\\.d': true };
    const content = { ...done, ...empty };
    const get = { action: 'getVars' };
    assert.deepEqual(await element(get, 'production'), { ...content, vars: nested });
    const withoutDefaults = { ...get, includeDefaults: 'false', includeVariantDebugInfo: 1 };
    assert.deepEqual(await element(withoutDefaults, 'production'), {
      ...content,
      vars: {},
      variantDebugInfo: { abTests: [] },
    });
    const start = { action: 'start', userId: 'ann', deviceId: 'phone' };
    for (const includeDefaults of [undefined, true, 'True']) {
      const { token, ...started } = await element({ ...start, includeDefaults }, 'production');
      assert.deepEqual(started, { ...content, vars: nested, syncNewsfeed: false });
      assert.match(String(token), /^[\w-]{43}$/);
    }
    const { token: _token, ...started } = await element({ ...start, includeDefaults: false }, 'production');
    assert.deepEqual(started, { ...content, vars: {}, syncNewsfeed: false });
  });

  test('setVars replaces what it mentions and leaves the rest, also after a restart', async () => {
    const { element, vars } = newApp();
    const actionDefinitions = { Confirm: { kind: 3, values: { Title: '' }, kinds: { Title: 'text' } } };
    await element({ action: 'setVars', vars: { a: 1, b: 2 }, kinds: { a: 'integer' } });
    await element({ action: 'setVars', actionDefinitions: JSON.stringify(actionDefinitions) });
    assert.deepEqual(await vars(), { a: 1, b: 2 });
    await element({ action: 'setVars', vars: { a: 3 } });
    await server.stop();
    server = await startServer({ dataFolder: server.dataFolder });
    const developer = await element({ action: 'getVars', devMode: true });
    assert.deepEqual(
      [developer['vars'], developer['varsFromCode'], Object.keys(developer['actionDefinitions'] as Params)],
      [{ a: 3 }, { a: 3 }, ['Confirm']],
    );
  });

  test("Unity's SDK calls them variables", async () => {
    const { element, vars } = newApp();
    const variables = JSON.stringify({ speed: 7, look: { dark: true } });
    await element({ action: 'setVars', variables, kinds: '{"speed":"integer"}' });
    assert.deepEqual(await vars(), { speed: 7, look: { dark: true } });
  });

  test('deleteVars removes variables and groups by name', async () => {
    const { element, vars } = newApp();
    await element({ action: 'setVars', vars: { a: { b: 1, c: { d: 2 } }, ab: 3, 'x\\.y': 4 } });
    const remove = (names: unknown) => element({ action: 'deleteVars', vars: names });
    assert.deepEqual(await remove(['a.b', 'nothing', 'a.b']), { ...done, variablesRemoved: ['a.b'] });
    assert.deepEqual(await remove('["x\\\\.y"]'), { ...done, variablesRemoved: ['x\\.y'] });
    assert.deepEqual(await vars(), { a: { c: { d: 2 } }, ab: 3 });
    assert.deepEqual(await remove('a'), { ...done, variablesRemoved: ['a.c.d'] });
    assert.deepEqual(await remove(['a', 'a.c']), { ...done, variablesRemoved: [] });
    assert.deepEqual(await vars(), { ab: 3 });
  });

  test('the JavaScript SDK sends them alone, common parameters in the query', async () => {
    const { appId, vars } = newApp();
    const common = { appId, clientKey: keys.development, client: 'js', sdkVersion: '1.9.0' };
    const user = { userId: 'u1', deviceId: 'Ab3d', devMode: true, action: 'setVars' };
    const post = (body: unknown) =>
      send<{ response: LeanplumElement[] }>(server, `/api?${form({ ...common, ...user })}`, {
        headers: { 'content-type': 'text/plain' },
        body: JSON.stringify(body),
      });
    assert.equal(
      (await post({ vars: { colours: { main: 4278190080 } } })).text,
      '{"response":[{"success":true}]}',
    );
    const actionDefinitions = { Alert: { kind: 3, values: {}, kinds: {}, options: null } };
    assert.equal((await post({ actionDefinitions })).text, '{"response":[{"success":true}]}');
    assert.deepEqual(await vars(), { colours: { main: 4278190080 } });
    assert.equal(
      (await post({ vars: null })).text,
      `{"response":[${JSON.stringify(failed("'vars' must be provided"))}]}`,
    );
  });

  test('Android sends JSON as text in the text of a batch, and meets what it sent at the next start', async () => {
    const { appId } = newApp();
    const values = {
      powerUps: { speed: 1.5, '\\[x\\]': 'a' },
      '__Android Resources': { 'a\\.png': 'a.png' },
    };
    const definitions = {
      Confirm: {
        kind: 3,
        values: { Title: '', 'Accept action': { __name__: '' } },
        kinds: { Title: 'text', 'Accept action': 'action', 'Layout.Width': 'integer', On: 'bool' },
        options: null,
      },
    };
    const files = { 'a.png': { '': { hash: 'abc', size: 5 } }, 'b.png': { _empty_: { size: 1 }, 'b@2': {} } };
    const common = { userId: 'u1', deviceId: 'd1', devMode: 'true', sdkVersion: '7.8.0', uuid: '9b1e' };
    const post = async (data: Params[], extra: Record<string, string> = {}) => {
      const fields = { appId, clientKey: keys.development, client: 'android', sdkVersion: '7.8.0' };
      const body = form({ ...fields, action: 'multi', time: nowSec(), data: JSON.stringify({ data }) });
      const headers = { 'content-type': 'application/x-www-form-urlencoded', ...extra };
      const answer = await send<{ response: LeanplumElement[] }>(server, '/api', { headers, body });
      assert.equal(answer.status, 200, answer.text);
      return answer.body.response as unknown as Params[];
    };
    const set = {
      ...common,
      action: 'setVars',
      reqId: 'r1',
      vars: JSON.stringify(values),
      kinds: JSON.stringify({ 'powerUps.speed': 'float' }),
      actionDefinitions: JSON.stringify(definitions),
      fileAttributes: JSON.stringify(files),
    };
    assert.deepEqual(await post([set]), [{ ...done, reqId: 'r1' }]);
    const start = { ...common, action: 'start', includeDefaults: 'false', reqId: 'r2' };
    const started = async () => {
      const [element, ...others] = await post([start], { 'x-forwarded-proto': 'https' });
      assert.deepEqual(others, []);
      const { token: _token, ...rest } = element ?? {};
      return rest;
    };
    const expected = {
      ...done,
      ...empty,
      vars: {},
      varsFromCode: values,
      actionDefinitions: {
        Confirm: {
          ...definitions.Confirm,
          kinds: { Title: 'TEXT', 'Accept action': 'ACTION', 'Layout.Width': 'INTEGER', On: 'BOOLEAN' },
        },
      },
      fileAttributes: {
        'a.png': { '': { hash: 'abc', size: 5 }, _empty_: { hash: 'abc', size: 5 } },
        'b.png': { '': { size: 1 }, _empty_: { size: 1 }, 'b@2': {} },
      },
      uploadUrl: `${server.url.replace('http:', 'https:')}/api`,
      syncNewsfeed: false,
      isRegistered: false,
      reqId: 'r2',
    };
    assert.deepEqual(await started(), expected);
    // The same again, as after a connection that was cut: full content, and the old variables are not set again.
    await post([{ ...set, reqId: 'r3', vars: '{}' }]);
    assert.deepEqual(await post([set]), [{ ...done, reqId: 'r1' }]);
    assert.deepEqual(await started(), { ...expected, varsFromCode: {} });
  });
});

describe('a batch', () => {
  test('mixes them with actions of users; each sees what stands before it', async () => {
    const { appId, multi } = newApp();
    const get = { action: 'getVars' };
    const elements = await multi([
      { action: 'setVars', vars: { a: 1 } },
      { action: 'track', userId: 'ann', event: 'e' },
      get,
      { action: 'setVars' },
      { action: 'deleteVars', vars: ['a'], reqId: 'r' },
      { ...get, userId: 'nobody' },
      { action: 'setVars', vars: { b: 2 } },
      { ...get, userId: 'ann', devMode: true },
    ]);
    const content = { ...done, ...empty };
    assert.deepEqual(elements, [
      done,
      { ...done, isOffline: true },
      { ...content, vars: { a: 1 } },
      failed("'vars' must be provided"),
      { ...done, variablesRemoved: ['a'], reqId: 'r' },
      { ...content, vars: {}, warning: { message: 'User not found; request skipped.' } },
      done,
      {
        ...content,
        vars: { b: 2 },
        varsFromCode: { b: 2 },
        actionDefinitions: {},
        fileAttributes: {},
        uploadUrl: `${server.url}/api`,
      },
    ]);
    const exported = await leanplum(server, {
      appId,
      clientKey: keys.dataExport,
      action: 'exportUser',
      userId: 'ann',
    });
    assert.equal(exported.body.response[0]?.events?.['e']?.count, 1);
  });

  test('devMode of the outer call applies to all', async () => {
    const { multi } = newApp();
    const [plain, own] = await multi([{ action: 'getVars' }, { action: 'getVars', devMode: false }], {
      devMode: true,
    });
    assert.deepEqual(plain?.['varsFromCode'], {});
    assert.equal(own?.['varsFromCode'], undefined);
  });

  test('answers so much and no more', async () => {
    const { multi, call } = newApp();
    const long = 'x'.repeat(1_000_000);
    assert.deepEqual((await call({ action: 'setVars', vars: { long } })).element, done);
    const elements = await multi(Array.from({ length: 40 }, () => ({ action: 'getVars' })));
    const limit = 32 * 1024 * 1024;
    const full = elements.filter(({ vars }) => (vars as Params | undefined)?.['long'] === long);
    assert.equal(full.length, Math.floor(limit / 1_000_000) + 1);
    const message = `Done, but the answer to the batch would have more than ${limit} characters.`;
    assert.deepEqual(elements.slice(full.length), Array(40 - full.length).fill(failed(message)));
  });
});

describe('an Idempotency-Key', () => {
  test('a repeat gets the first answer and changes nothing', async () => {
    const { call, multi, element, vars } = newApp();
    await element({ action: 'setVars', vars: { a: 1, b: 1 } });
    const once = { 'idempotency-key': 'delete' };
    const remove = { action: 'deleteVars', vars: ['a'] };
    const removed = { ...done, variablesRemoved: ['a'] };
    assert.deepEqual((await call(remove, 'development', once)).element, removed);
    await element({ action: 'setVars', vars: { a: 2 } });
    assert.deepEqual((await call(remove, 'development', once)).element, removed);
    assert.deepEqual(await vars(), { a: 2 });
    const other = await call({ ...remove, vars: ['b'] }, 'development', once);
    assert.equal(other.status, 422);

    const mixed = [{ action: 'setVars', vars: { c: 3 } }, { action: 'getVars' }];
    const outer = { time: 1_700_000_000 };
    const key = { 'idempotency-key': 'mixed' };
    const answer = await multi(mixed, outer, key);
    assert.deepEqual(answer[1]?.['vars'], { c: 3 });
    await element({ action: 'setVars', vars: {} });
    assert.deepEqual(await multi(mixed, outer, key), answer);
    assert.deepEqual(await vars(), {});
  });

  test('an answer that is kept is a megabyte, and what goes beyond is done all the same', async () => {
    const { multi, element } = newApp();
    await element({ action: 'setVars', vars: { long: 'x'.repeat(500_000) } });
    const starts = Array.from({ length: 5 }, (_, at) => ({ action: 'start', userId: `kept-${at}` }));
    const outer = { time: nowSec() };
    const key = { 'idempotency-key': 'large' };
    const elements = await multi(starts, outer, key);
    const message = `Done, but the answer to the batch would have more than ${1024 * 1024} characters.`;
    assert.deepEqual(
      elements.map(({ error }) => (error as { message?: string } | undefined)?.message),
      [undefined, undefined, undefined, message, message],
    );
    assert.deepEqual(await multi(starts, outer, key), elements);
    const shown = await element({ action: 'exportUser', userId: 'kept-4' }, 'dataExport');
    assert.equal(shown['totalSessions'], 1);
  });

  test('a read is none: it answers what is there now', async () => {
    const { call, element } = newApp();
    const key = { 'idempotency-key': 'get' };
    assert.deepEqual((await call({ action: 'getVars' }, 'production', key)).element['vars'], {});
    await element({ action: 'setVars', vars: { a: 1 } });
    assert.deepEqual((await call({ action: 'getVars' }, 'production', key)).element['vars'], { a: 1 });
  });
});

test('a device is registered once, and start says so from then on', async () => {
  const { element, multi } = newApp();
  const register = { action: 'registerDevice', deviceId: 'd1', email: 'dev@example.com' };
  const isRegistered = async (params: Params) =>
    (await element({ action: 'start', devMode: true, ...params }))['isRegistered'];
  assert.equal(await isRegistered({ deviceId: 'd1', userId: 'u0' }), false);
  assert.deepEqual(await element(register), { ...done, registered: true });
  assert.deepEqual(await element(register), { ...done, registered: false });
  assert.deepEqual(await element({ ...register, email: 'other@example.com' }), {
    ...done,
    registered: false,
  });
  assert.equal(await isRegistered({ deviceId: 'd1', userId: 'u1' }), true);
  assert.equal(await isRegistered({ deviceId: 'd2', userId: 'u2' }), false);
  assert.equal(await isRegistered({ userId: 'u3' }), false);
  const twice = { ...register, deviceId: 'd3', uuid: 'b', reqId: 'r' };
  assert.deepEqual(await multi([twice, twice], { sdkVersion: '7.8.0' }), [
    { ...done, registered: true, reqId: 'r' },
    { ...done, registered: false, reqId: 'r' },
  ]);
  const production = await element({ action: 'start', deviceId: 'd1', userId: 'u1' }, 'production');
  assert.equal(production['isRegistered'], undefined);
});

describe('what is refused', () => {
  const deep = JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`);
  const rows: [params: Params, status: number, message: string][] = [
    [{ action: 'setVars' }, 400, "'vars' must be provided"],
    [{ action: 'setVars', vars: '', kinds: null }, 400, "'vars' must be provided"],
    [{ action: 'setVars', vars: ['a'] }, 400, "'vars' is invalid."],
    [{ action: 'setVars', vars: '{"a":' }, 400, "'vars' is invalid."],
    [{ action: 'setVars', vars: 5 }, 400, "'vars' is invalid."],
    [{ action: 'setVars', vars: deep }, 400, "'vars' is invalid."],
    [{ action: 'setVars', vars: { 'a..b': 1 } }, 400, "variable 'a..b' name is invalid."],
    [{ action: 'setVars', vars: { a: 1 }, kinds: { a: 1 } }, 400, "kind 'a' value is invalid."],
    [{ action: 'setVars', actionDefinitions: { Alert: [] } }, 400, "action 'Alert' value is invalid."],
    [{ action: 'setVars', fileAttributes: { f: null } }, 400, "file 'f' value is invalid."],
    [
      { action: 'setVars', vars: { a: 'x'.repeat(1024 * 1024 - 8) } },
      400,
      "'vars' must have less than 1048576 bytes.",
    ],
    [{ action: 'deleteVars' }, 400, "'vars' must be provided"],
    [{ action: 'deleteVars', vars: [] }, 400, "'vars' must be provided"],
    [{ action: 'deleteVars', vars: [{}] }, 400, "'vars' is invalid."],
    [{ action: 'deleteVars', vars: Array(10_001).fill('a') }, 400, "'vars' must have at most 10000 entries."],
    [{ action: 'registerDevice', userId: 'u', email: 'a@b' }, 400, "'deviceId' must be provided"],
    [{ action: 'registerDevice', deviceId: 'd' }, 400, "'email' must be provided"],
    [{ action: 'registerDevice', deviceId: 'd', email: '' }, 400, "'email' must be provided"],
    [{ action: 'registerDevice', deviceId: 'd', email: {} }, 400, "'email' is invalid."],
    [
      { action: 'registerDevice', deviceId: 'd', email: 'x'.repeat(321) },
      400,
      "'email' must have at most 320 characters.",
    ],
    [{ action: 'getAbTest', id: 900 }, 404, 'A/B test not found.'],
    [{ action: 'getVariant', id: '901', includeDrafts: 'true' }, 404, 'Variant not found.'],
    [{ action: 'getMessage', id: 5670583287676928 }, 404, 'Message not found.'],
    [{ action: 'getAbTest' }, 400, "'id' must be provided"],
    [{ action: 'getVariant', id: '' }, 400, "'id' must be provided"],
    [{ action: 'getMessage', id: [] }, 400, "'id' is invalid."],
    [{ action: 'getMessages', recent: {} }, 400, "'recent' is invalid."],
    [{ action: 'sendMessage', userId: 'u' }, 400, "'messageId' must be provided"],
    [{ action: 'sendMessage', userId: 'u', messageId: {} }, 400, "'messageId' is invalid."],
    [{ action: 'sendMessage', messageId: 1 }, 400, 'Invalid app/user combination'],
    [{ action: 'startCampaign', userId: 'u' }, 400, "'campaignId' must be provided"],
  ];
  const keyOf = ({ action }: Params): Keys =>
    /^get/.test(String(action)) ? 'contentReadOnly' : 'development';

  test('alone with its status, in a batch at its place', async () => {
    for (const [params, status, message] of rows) {
      const clientKey = demoProject.leanplum.keys[keyOf(params)];
      const answer = await leanplum(server, { ...params, clientKey });
      assert.deepEqual([answer.status, onlyElement(answer)], [status, failed(message)]);
      const data = [params, { ...params, reqId: 'r' }];
      const batch = await leanplum(server, { action: 'multi', time: nowSec(), clientKey, data });
      assert.equal(batch.status, 200);
      assert.deepEqual(batch.body.response, [failed(message), { ...failed(message), reqId: 'r' }]);
    }
  });

  test('just below a megabyte is not', async () => {
    const { element } = newApp();
    const vars = { a: 'x'.repeat(1024 * 1024 - 9) };
    assert.deepEqual(await element({ action: 'setVars', vars }), done);
  });
});

describe('keys', () => {
  const all: readonly Keys[] = ['production', 'development', 'dataExport', 'contentReadOnly'];
  const rows: [params: Params, keys: readonly Keys[], element: Params][] = [
    [{ action: 'setVars', fileAttributes: {} }, ['development'], done],
    [{ action: 'deleteVars', vars: ['none'] }, ['development'], { ...done, variablesRemoved: [] }],
    [
      { action: 'registerDevice', deviceId: 'd', email: 'a@b' },
      ['development'],
      { ...done, registered: true },
    ],
    [
      { action: 'getAbTests', includeDrafts: false, recent: '1' },
      ['contentReadOnly'],
      { ...done, abTests: [] },
    ],
    [{ action: 'getMessages', recent: true }, ['contentReadOnly'], { ...done, messages: [] }],
    [{ action: 'getUnsubscribeCategories' }, ['contentReadOnly'], { ...done, categories: [] }],
    [
      { action: 'getAndroidNotificationChannels' },
      ['production', 'development'],
      { ...done, notificationChannels: [] },
    ],
    [
      { action: 'sendMessage', userId: 'known', messageId: 'none', force: true },
      ['production', 'development'],
      { ...done, warning: { message: 'Message entity not found' } },
    ],
    [
      { action: 'sendMessage', userId: 'unknown', messageId: 1 },
      ['production', 'development'],
      { ...done, warning: { message: 'User not found; request skipped.' } },
    ],
    [
      { action: 'startCampaign', userId: 'known', campaignId: 7 },
      ['development'],
      { ...done, warning: { message: 'Campaign entity not found' } },
    ],
    [{ action: 'saveInterface' }, ['development'], done],
  ];

  test('each action takes those of its classes and no other', async () => {
    const { call } = newApp();
    await call({ action: 'track', userId: 'known', event: 'e' }, 'production');
    for (const [params, allowed, expected] of rows) {
      for (const key of all) {
        const { status, element } = await call(params, key);
        const isAllowed = allowed.includes(key);
        assert.deepEqual(
          [status, element],
          isAllowed ? [200, expected] : [403, failed('Invalid access key')],
          `${params['action']} ${key}`,
        );
      }
    }
  });

  test('one app never sees the variables of another', async () => {
    const [mine, other] = [newApp(), newApp()];
    await mine.element({ action: 'setVars', vars: { a: 1 } });
    assert.deepEqual(await other.vars(), {});
  });
});
