/** Two projects on one server: every route with every key of the other project sees and changes nothing of this one. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { demoProject } from '../support/demo-project.ts';
import { type Server, startServer } from '../support/server.ts';
import { form, send, userNotFound, type WireRequest } from './wire.ts';

const ours = {
  ...demoProject,
  bloomreach: {
    ...demoProject.bloomreach,
    privateKeys: [...demoProject.bloomreach.privateKeys, { id: 'same-id', secret: 'our-secret' }],
  },
};
const other = {
  name: 'Other',
  leanplum: {
    appId: 'app_other',
    keys: {
      production: 'prod_other',
      development: 'dev_other',
      dataExport: 'exp_other',
      contentReadOnly: 'cro_other',
    },
  },
  bloomreach: {
    projectToken: '22222222-3333-4444-8555-666666666666',
    publicTokens: ['other-public'],
    privateKeys: [
      { id: 'other-id', secret: 'other-private' },
      { id: 'same-id', secret: 'their-secret' },
    ],
  },
};
type Project = typeof ours | typeof other;

let server: Server;
before(async () => {
  server = await startServer({ bootstrap: { projects: [ours, other] } });
  await introduceAnn();
});
after(() => server[Symbol.asyncDispose]());

type Json = Record<string, unknown>;
const json = { 'content-type': 'application/json' };

function basic({ id, secret }: { id: string; secret: string }): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
}

function privateOf(project: Project): string {
  return basic(project.bloomreach.privateKeys[0] ?? assert.fail());
}

/** A Leanplum call of a project with its own key. */
async function leanplum(project: Project, params: Json) {
  const { appId, keys } = project.leanplum;
  const clientKey = params['action'] === 'exportUser' ? keys.dataExport : keys.production;
  const body = JSON.stringify({ appId, clientKey, ...params });
  return send<{ response: Json[] }>(server, '/api', { headers: json, body });
}

/** A Bloomreach call of a project with its own private key. */
async function bloomreach(project: Project, path: string, body: Json) {
  const headers = { ...json, authorization: privateOf(project) };
  const url = path.replace('{token}', project.bloomreach.projectToken);
  return send<Json>(server, url, { headers, body: JSON.stringify(body) });
}

const exportOne = '/data/v2/projects/{token}/customers/export-one';

/** The user whom the intruder tries to reach. */
async function introduceAnn(): Promise<void> {
  const ann = { userId: 'ann', deviceId: 'ann-phone' };
  await leanplum(ours, { action: 'start', ...ann, userAttributes: { secret: 'ours' } });
  await leanplum(ours, { action: 'track', ...ann, event: 'our event', value: 1 });
  const customer_ids = { registered: 'ann', cookie: 'ann-browser' };
  const answer = await bloomreach(ours, '/track/v2/projects/{token}/customers', {
    customer_ids,
    properties: { more: 1 },
  });
  assert.equal(answer.status, 200);
}

/** Everything that can be read of the users of a project that the intruder tries to reach. */
async function snapshot(project: Project): Promise<string> {
  const answers = await Promise.all([
    leanplum(project, { action: 'exportUser', userId: 'ann' }),
    leanplum(project, { action: 'exportUser', deviceId: 'ann-phone' }),
    leanplum(project, { action: 'exportUser', userId: 'intruder' }),
    bloomreach(project, exportOne, { customer_ids: { registered: 'ann' } }),
    bloomreach(project, exportOne, { customer_ids: { cookie: 'ann-browser' } }),
    bloomreach(project, exportOne, { customer_ids: { registered: 'intruder' } }),
  ]);
  return answers.map(({ status, text }) => `${status} ${text}`).join('\n');
}

test('nobody is known in the other project yet', async () => {
  for (const ids of [{ userId: 'ann' }, { deviceId: 'ann-phone' }]) {
    assert.equal((await leanplum(other, { action: 'exportUser', ...ids })).text, userNotFound);
  }
  for (const customer_ids of [{ registered: 'ann' }, { cookie: 'ann-browser' }]) {
    assert.equal((await bloomreach(other, exportOne, { customer_ids })).status, 404);
  }
});

describe('Leanplum: every action, form and key', () => {
  const users = [
    { userId: 'ann', deviceId: 'ann-phone' },
    { userId: 'intruder', deviceId: 'ann-phone' },
  ];
  const actions: Json[] = users.flatMap((user) => [
    { action: 'start', ...user, userAttributes: { intruder: true } },
    { action: 'track', ...user, event: 'intrusion' },
    { action: 'setUserAttributes', ...user, userAttributes: { intruder: true, secret: null } },
    { action: 'exportUser', ...user },
  ]);
  const calls: Json[] = [...actions, { action: 'multi', time: 1_600_000_000, data: actions }];
  const forms: Record<string, (params: Json) => [string, WireRequest?]> = {
    'POST JSON': (params) => ['/api', { headers: json, body: JSON.stringify(params) }],
    'POST form': (params) => [
      '/api-batch',
      { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: form(params) },
    ],
    GET: (params) => [`/api/?${form(params)}`],
  };
  const keysOf = ({ leanplum: { keys }, bloomreach: { publicTokens, privateKeys } }: Project) => [
    ...Object.values(keys),
    ...publicTokens,
    ...privateKeys.flatMap(({ id, secret }) => [id, secret]),
  ];
  const directions: [name: string, app: Project, keys: Project][] = [
    ["our app with the other project's keys", ours, other],
    ["the other project's app with our keys", other, ours],
  ];
  for (const [name, app, keys] of directions) {
    test(name, async () => {
      const untouched = [await snapshot(ours), await snapshot(other)];
      for (const clientKey of keysOf(keys)) {
        for (const toForm of Object.values(forms)) {
          const requests = calls.map((call) => toForm({ appId: app.leanplum.appId, clientKey, ...call }));
          const answers = await Promise.all(requests.map((request) => send(server, ...request)));
          for (const answer of answers) {
            assert.equal(
              answer.text,
              '{"response":[{"success":false,"error":{"message":"Invalid access key"}}]}',
            );
            assert.equal(answer.status, 403);
          }
        }
      }
      assert.deepEqual([await snapshot(ours), await snapshot(other)], untouched);
    });
  }

  test('nested keys reach no other project than the outer ones', async () => {
    const { appId } = ours.leanplum;
    const element = {
      action: 'track',
      userId: 'ann',
      event: 'nested',
      appId,
      clientKey: ours.leanplum.keys.production,
    };
    const untouched = await snapshot(ours);
    const answer = await leanplum(other, { action: 'multi', time: 1_600_000_000, data: [element] });
    assert.equal(answer.status, 200);
    assert.equal(await snapshot(ours), untouched);
    const mixed: Json[] = [
      { appId: other.leanplum.appId, data: [element] },
      { clientKey: other.leanplum.keys.production, data: [element] },
      { appId, data: [{ ...element, clientKey: other.leanplum.keys.production }] },
    ];
    for (const call of mixed) {
      const body = JSON.stringify({ action: 'multi', time: 1_600_000_000, ...call });
      const refused = await send(server, '/api', { headers: json, body });
      assert.equal(refused.status, 403, body);
    }
    assert.equal(await snapshot(ours), untouched);
  });
});

describe('Bloomreach: every route and key', () => {
  const customer_ids = { registered: 'ann', cookie: 'ann-browser' };
  const write = { customer_ids, properties: { intruder: true, more: null } };
  const event = { customer_ids, event_type: 'intrusion' };
  const stranger = { customer_ids: { registered: 'intruder', cookie: 'ann-browser' }, properties: {} };
  const commands = [
    { name: 'system/time' },
    { name: 'customers', data: write },
    { name: 'customers/events', data: event },
    { name: 'customers', data: stranger },
  ];
  const attributes = [{ type: 'property', property: 'secret' }];
  const routes: [path: string, body?: Json][] = [
    ['/track/v2/projects/{token}/system/time'],
    ['/track/v2/projects/{token}/system/time', {}],
    ['/track/v2/projects/{token}/customers', write],
    ['/track/v2/projects/{token}/customers', stranger],
    ['/track/v2/projects/{token}/customers/events', event],
    ['/track/v2/projects/{token}/batch', { commands }],
    ['/data/v2/projects/{token}/customers/attributes', { customer_ids, attributes }],
    [exportOne, { customer_ids }],
  ];
  /** Everything of a project that could stand in a header or query, and how it is refused elsewhere. */
  const credentialsOf = (
    project: Project,
  ): [query: string, authorization: string, status: number, error: string][] => {
    const { publicTokens, privateKeys } = project.bloomreach;
    const texts = [...publicTokens, ...privateKeys.flatMap(({ id, secret }) => [id, secret])];
    const all = [...texts, ...Object.values(project.leanplum.keys), project.leanplum.appId];
    const sameId = privateKeys.find(({ id }) => id === 'same-id') ?? assert.fail();
    return [
      ...all.map(
        (text) => ['', `Token ${text}`, 401, 'access key not found'] as [string, string, number, string],
      ),
      [`?access_token=${publicTokens[0]}`, '', 401, 'access key not found'],
      ['', privateOf(project), 401, 'access key not found'],
      ['', basic(sameId), 403, 'invalid secret'],
    ];
  };
  const directions: [name: string, project: Project, keys: Project][] = [
    ["our project with the other one's keys", ours, other],
    ["the other project's with our keys", other, ours],
  ];
  for (const [name, project, keys] of directions) {
    test(name, async () => {
      const untouched = [await snapshot(ours), await snapshot(other)];
      for (const [query, authorization, status, error] of credentialsOf(keys)) {
        const answers = await Promise.all(
          routes.map(([path, body]) => {
            const url = path.replace('{token}', project.bloomreach.projectToken) + query;
            const headers = authorization === '' ? json : { ...json, authorization };
            return send(
              server,
              url,
              body === undefined ? { headers } : { headers, body: JSON.stringify(body) },
            );
          }),
        );
        for (const answer of answers) {
          assert.deepEqual(answer.body, { success: false, error }, authorization);
          assert.equal(answer.status, status);
        }
      }
      assert.deepEqual([await snapshot(ours), await snapshot(other)], untouched);
    });
  }

  test('a command may not name another project', async () => {
    const untouched = await snapshot(ours);
    const name = `track/v2/projects/${ours.bloomreach.projectToken}/customers`;
    const answer = await bloomreach(other, '/track/v2/projects/{token}/batch', {
      commands: [
        { name, data: write },
        { name: `/${name}/events`, data: event },
      ],
    });
    assert.deepEqual(answer.body['results'], [
      { success: false, errors: ['Unknown command'] },
      { success: false, errors: ['Unknown command'] },
    ]);
    assert.equal(await snapshot(ours), untouched);
  });
});

describe('the same ids in both projects', () => {
  test('are two profiles', async () => {
    for (const project of [ours, other]) {
      const ids = { userId: 'bob', deviceId: 'bob-phone' };
      await leanplum(project, { action: 'setUserAttributes', ...ids, userAttributes: { of: project.name } });
      const customer_ids = { registered: 'bob', cookie: 'bob-browser' };
      const event = { customer_ids, event_type: project.name, timestamp: 5 };
      await bloomreach(project, '/track/v2/projects/{token}/customers/events', event);
    }
    for (const project of [ours, other]) {
      const customer_ids = { cookie: 'bob-browser' };
      assert.deepEqual((await bloomreach(project, exportOne, { customer_ids })).body, {
        success: true,
        ids: { registered: 'bob', cookie: ['bob-browser'] },
        properties: { of: project.name },
        events: [{ type: project.name, timestamp: 5, properties: {} }],
      });
      const { body } = await leanplum(project, { action: 'exportUser', deviceId: 'bob-phone' });
      assert.deepEqual(body.response[0]?.['userAttributes'], { of: project.name });
    }
  });

  test('and the marks of an SDK count in each', async () => {
    const data = [{ action: 'track', userId: 'carl', deviceId: 'c1', event: 'a', uuid: 'u', reqId: 'r' }];
    for (const project of [ours, other, ours, other]) {
      const { status } = await leanplum(project, {
        action: 'multi',
        time: 1_600_000_000,
        sdkVersion: '6',
        data,
      });
      assert.equal(status, 200);
    }
    for (const project of [ours, other]) {
      const { text } = await leanplum(project, { action: 'exportUser', userId: 'carl' });
      assert.match(text, /"events":\{"a":\{"count":1,/);
    }
  });

  test('an exact event is a repeat in its own project only', async () => {
    const event = { customer_ids: { registered: 'dora' }, event_type: 'a', timestamp: 5 };
    for (const project of [ours, other, ours]) {
      await bloomreach(project, '/track/v2/projects/{token}/customers/events', event);
    }
    for (const project of [ours, other]) {
      const { body } = await bloomreach(project, exportOne, { customer_ids: { registered: 'dora' } });
      assert.equal((body['events'] as Json[]).length, 1);
    }
  });
});
