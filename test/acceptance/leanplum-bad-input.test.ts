/**
 * Every action of the Leanplum API with everything that can be wrong with it: the literal answer, status and whole body,
 * alone and in the middle of a batch, where it harms nobody beside it. The rows are in leanplum-rows.ts
 * and leanplum-trials.ts.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { LeanplumKeyClass } from '../../src/core/project.ts';
import { actions, notBuiltYet } from '../../src/dialects/leanplum/actions.ts';
import { demoProject } from '../support/demo-project.ts';
import type { Answer, LeanplumBody } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { type Row, rowsOf } from './leanplum-rows.ts';
import { type Params, skipped, trials } from './leanplum-trials.ts';
import { countsOf, exportUser, nowSec, send } from './wire.ts';

let server: Server;
let known: unknown;
before(async () => {
  server = await startServer();
  const ids = { userId: 'known', deviceId: 'known phone' };
  await post({ action: 'setUserAttributes', ...ids, userAttributes: { plan: 'pro' } }, 'production');
  const blocked = { userId: 'blocked', deviceId: 'blocked phone' };
  await post({ action: 'start', ...blocked }, 'production');
  await post({ action: 'block', userId: 'blocked' }, 'production');
  for (const deviceId of ['phone registerDevice', 'blocked phone', 'known phone']) {
    await post({ action: 'registerDevice', deviceId, email: 'bob@example.com' }, 'development');
  }
  known = await exportUser(server, { userId: 'known' });
});
after(() => server[Symbol.asyncDispose]());

const { appId, keys } = demoProject.leanplum;

function post(params: Params, key: Row['key']): Promise<Answer<LeanplumBody>> {
  const clientKey = key === 'unknown' ? 'prod_unknown' : keys[key];
  const body = JSON.stringify({ appId, clientKey, apiVersion: '1.0.6', ...params });
  return send(server, '/api', { headers: { 'content-type': 'application/json' }, body });
}

/** What stands beside the bad actions of a batch: something that its key may do, and its answer. */
function neighbourOf(key: Row['key'], userId: string): { call: Params; element: Params } {
  const notFound = { success: false, error: { message: 'Action not found' } };
  const rows: Record<LeanplumKeyClass, { call: Params; element: Params }> = {
    production: {
      call: { action: 'track', userId, event: 'fine' },
      element: { success: true, isOffline: true },
    },
    development: {
      call: { action: 'track', userId, event: 'fine' },
      element: { success: true, isOffline: true },
    },
    dataExport: { call: { action: 'exportUser', userId: 'nobody' }, element: skipped },
    // No action of this class is built.
    contentReadOnly: { call: { action: 'none' }, element: notFound },
  };
  return rows[key as LeanplumKeyClass];
}

test('every action that is built has its rows, and no other has', () => {
  assert.deepEqual(Object.keys(trials).sort(), [...actions.keys()].sort());
});

for (const { name, key } of actions.values()) {
  const rows = rowsOf(name, key, trials[name] ?? { good: {}, bad: [] });

  describe(name, () => {
    test(`alone: ${rows.length} rows`, async () => {
      for (const row of rows) {
        const { status, body } = await post({ reqId: 'r', ...row.params }, row.key);
        const element = row.whole === true ? row.element : { ...row.element, reqId: 'r' };
        assert.deepEqual(status, row.status, `${row.what}: ${JSON.stringify(body)}`);
        // What is found in the envelope is answered before an action is looked at.
        const envelope = isOfEnvelope(row) ? row.element : element;
        assert.deepEqual(body, { response: [envelope] }, row.what);
      }
      assert.deepEqual(await exportUser(server, { userId: 'known' }), known);
    });

    test('in a batch, for itself alone', async () => {
      const inside = rows.filter((row) => row.whole !== true);
      for (const [batchKey, list] of Map.groupBy(inside, (row) => row.key)) {
        const beside = `beside ${name} ${batchKey}`;
        const { call, element } = neighbourOf(batchKey, beside);
        const data = list.flatMap(({ params }, n) => [call, { ...params, reqId: `r${n}` }]);
        const answer = await post({ action: 'multi', time: nowSec(), data: [...data, call] }, batchKey);
        assert.equal(answer.status, 200, answer.text);
        const wanted = list.flatMap((row, n) => [element, { ...row.element, reqId: `r${n}` }]);
        assert.deepEqual(answer.body, { response: [...wanted, element] });
        const counts = call['action'] === 'track' ? { fine: list.length + 1 } : {};
        assert.deepEqual(await countsOf(server, beside), counts);
      }
      assert.deepEqual(await exportUser(server, { userId: 'known' }), known);
      const unknown = await exportUser(server, { userId: `unknown ${name}` });
      assert.deepEqual(unknown, skipped, 'nobody was created');
    });

    test('what is wrong with the call is wrong with all of its batch', async () => {
      for (const { what, params, key: rowKey, status, element } of rows.filter((it) => it.whole === true)) {
        const { appId: app, devMode, ...action } = params;
        const outer = { ...(app !== undefined && { appId: app }), ...(devMode !== undefined && { devMode }) };
        const call = { action: 'track', userId: `whole ${name}`, event: 'fine' };
        const answer = await post(
          { ...outer, action: 'multi', time: nowSec(), data: [call, action] },
          rowKey,
        );
        assert.deepEqual([answer.status, answer.body], [status, { response: [element] }], what);
      }
      assert.deepEqual(await countsOf(server, `whole ${name}`), {});
    });
  });
}

/** A single call is its own envelope: its keys and its time are looked at first, and no `reqId` is echoed then. */
function isOfEnvelope({ params }: Row): boolean {
  return params['devMode'] !== undefined || (params['time'] ?? undefined) !== undefined;
}

describe('elements that are no action of the table', () => {
  const rows: [element: unknown, message: string][] = [
    ...[null, 5, 'track', true, [], ['track']].map((it): [unknown, string] => [it, 'Action not found']),
    [{}, 'Action not found'],
    ...['', 'multi', 'Track', 'toString', '__proto__', 'getUser', 5, null, {}].map(
      (action): [unknown, string] => [{ action, userId: 'known', data: [] }, 'Action not found'],
    ),
    ...[...notBuiltYet].map((action): [unknown, string] => {
      return [{ action, userId: 'known' }, `Action not supported yet: ${action}`];
    }),
  ];

  test(`fail alone: ${rows.length} rows`, async () => {
    const { call, element } = neighbourOf('production', 'beside no action');
    const data = rows.flatMap(([bad]) => [call, bad]);
    const answer = await post({ action: 'multi', time: nowSec(), data }, 'production');
    const wanted = rows.flatMap(([, message]) => [element, { success: false, error: { message } }]);
    assert.deepEqual([answer.status, answer.body], [200, { response: wanted }]);
    assert.deepEqual(await countsOf(server, 'beside no action'), { fine: rows.length });
  });
});

describe('what is wrong with one action takes nothing from the others', () => {
  const refused = (message: string) => ({ success: false, error: { message } });

  test('sloppy JSON that is too long to be tried', async () => {
    const userId = 'beside sloppy';
    const track = (params: string) => ({ action: 'track', userId, event: 'fine', params });
    const data = [track("{'a':1}"), track(`{'a':'${'x'.repeat(70_000)}'}`), track("{'a':1}")];
    const answer = await post({ action: 'multi', time: nowSec(), data }, 'production');
    const done = { success: true, isOffline: true };
    assert.deepEqual(answer.body, { response: [done, refused("'params' is invalid."), done] });
    assert.deepEqual(await countsOf(server, userId), { fine: 2 });
  });

  test('a profile that is full', async () => {
    const value = 'x'.repeat(16_000);
    const fill = (n: number) => ({
      action: 'setUserAttributes',
      userId: 'full',
      userAttributes: { [`a${n}`]: value },
    });
    const call = { action: 'multi', time: nowSec(), sdkVersion: '1' };
    for (let filled = 0; ; filled += 20) {
      assert.ok(filled < 400, 'it never was full');
      const data = Array.from({ length: 20 }, (_, n) => fill(filled + n));
      const { response } = (await post({ ...call, data }, 'production')).body;
      if (response.some(({ success }) => !success)) break;
    }
    const said = {
      action: 'setUserAttributes',
      userId: 'full',
      ...Object.fromEntries(
        ['locale', 'country', 'region', 'city', 'timezone'].map((it) => [it, 'x'.repeat(4000)]),
      ),
      states: { later: { count: 1 } },
      uuid: 'u',
      reqId: 'r',
    };
    const start = { action: 'start', userId: 'full', userAttributes: { b: value } };
    const { response } = (await post({ ...call, data: [start] }, 'production')).body;
    const [{ success, warning } = assert.fail()] = response;
    const left = (names: string) => ({ message: `User profile is too large; skipped: ${names}.` });
    assert.deepEqual([success, warning], [true, left("'b'")], 'the session has begun');
    const again = (await post({ ...call, data: [said, said] }, 'production')).body;
    assert.deepEqual(again.response, [
      { success: true, warning: left("'locale', 'country', 'region' and 2 more"), reqId: 'r' },
      { success: true, reqId: 'r' },
    ]);
    const track = { action: 'track', userId: 'beside full', event: 'fine' };
    const data = [track, fill(1000), track];
    const { body } = await post({ action: 'multi', time: nowSec(), data }, 'production');
    const full = refused('User profile is too large; request skipped.');
    const done = { success: true, isOffline: true };
    assert.deepEqual(body, { response: [done, full, done] });
    assert.deepEqual(await countsOf(server, 'beside full'), { fine: 2 });
  });
});
