/** Nothing that clients send as a secret or as content reaches the log, with the access log on. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { admin } from '../support/admin.ts';
import { demoProject } from '../support/demo-project.ts';
import { type Server, startServer } from '../support/server.ts';
import { until } from '../support/until.ts';

let server: Server;
before(async () => {
  server = await startServer({ environment: { RAPPORT_ACCESS_LOG: 'on' } });
});
after(() => server[Symbol.asyncDispose]());

const { appId, keys } = demoProject.leanplum;
const { projectToken, publicTokens, privateKeys } = demoProject.bloomreach;
const [publicToken, privateKey] = [publicTokens[0], privateKeys[0]];
/** Stands in every value that a client makes up. */
const mark = 'Zq7MARKx';
const pair = Buffer.from(`${privateKey.id}:${privateKey.secret}`).toString('base64');
const secrets = [
  mark,
  ...Object.values(keys),
  appId,
  projectToken,
  publicToken,
  privateKey.id,
  privateKey.secret,
  pair,
];

type Request = [path: string, init?: RequestInit];
const json = { 'content-type': 'application/json' };
const call = (params: object) => JSON.stringify({ appId, clientKey: keys.production, ...params });
const track = call({
  action: 'track',
  userId: `${mark}-user`,
  event: `${mark}-event`,
  params: { [mark]: mark },
});
const authorized = { ...json, authorization: `Token ${publicToken}` };
const batch = `/track/v2/projects/${projectToken}/batch`;
const customer = {
  commands: [
    { name: 'customers', data: { customer_ids: { registered: mark }, properties: { [mark]: mark } } },
  ],
};

const requests: Record<string, Request> = {
  'a call in the query': [
    `/api?appId=${appId}&clientKey=${keys.production}&action=track&userId=${mark}&event=${mark}`,
  ],
  'a call in the body': ['/api', { method: 'POST', headers: json, body: track }],
  'a compressed call': [
    '/api',
    { method: 'POST', headers: { 'content-encoding': 'gzip' }, body: gzipSync(track) },
  ],
  'a gzip body that is none': [
    '/api',
    { method: 'POST', headers: { 'content-encoding': 'gzip' }, body: mark },
  ],
  'a body that is no JSON': ['/api', { method: 'POST', headers: json, body: `{"clientKey":"${mark}` }],
  'a wrong key': [
    '/api',
    { method: 'POST', headers: json, body: call({ clientKey: mark, action: 'track' }) },
  ],
  'an unknown action': [
    '/api',
    { method: 'POST', headers: json, body: call({ action: mark, userId: mark }) },
  ],
  'another method': [`/api?clientKey=${mark}`, { method: 'DELETE' }],
  'an unknown path': [`/${mark}/${publicToken}?key=${mark}`],
  'a path that cannot be decoded': [`/track/v2/projects/%E0%A4%A${mark}/batch?access_token=${publicToken}`],
  'a batch': [batch, { method: 'POST', headers: authorized, body: JSON.stringify(customer) }],
  'a batch with a token in the query': [
    `${batch}?access_token=${publicToken}`,
    { method: 'POST', body: mark },
  ],
  'a keyed batch': [
    batch,
    { method: 'POST', headers: { ...authorized, 'idempotency-key': mark }, body: JSON.stringify(customer) },
  ],
  'a private key': [
    `/data/v2/projects/${projectToken}/customers/export-one`,
    {
      method: 'POST',
      headers: { authorization: `Basic ${pair}` },
      body: JSON.stringify({ customer_ids: { registered: mark } }),
    },
  ],
  'a wrong scheme': [batch, { method: 'POST', headers: { authorization: `${mark} ${mark}` }, body: '{}' }],
  headers: [
    '/api',
    {
      method: 'POST',
      headers: { ...json, 'x-request-id': mark, 'user-agent': mark, cookie: mark },
      body: track,
    },
  ],
};

interface Entry {
  msg: string;
  requestId?: string;
  method?: string;
  route?: string;
  status?: number;
  ms?: number;
}

const entries = (): Entry[] =>
  server
    .stderr()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Entry);

describe('the access log', () => {
  for (const [name, [path, init]] of Object.entries(requests)) {
    test(`${name}: nothing of it`, async () => {
      const before = entries().length;
      const answer = await fetch(server.url + path, init);
      const id = answer.headers.get('x-request-id');
      await answer.arrayBuffer();
      // An address that no route could even be looked up for has no line.
      if (!path.includes('%E0')) await until(() => entries().length > before, 'the line of the request');
      const entry = entries()[before];
      if (entry !== undefined) {
        assert.equal(entry.msg, 'request');
        assert.equal(entry.status, answer.status);
        assert.equal(entry.method, init?.method ?? 'GET');
        assert.ok(typeof entry.ms === 'number' && entry.requestId !== undefined);
        if (id !== null) assert.equal(entry.requestId, id, 'the id that the caller got');
      }
      for (const secret of secrets)
        assert.ok(!server.stderr().includes(secret), `${secret} in ${JSON.stringify(entry)}`);
    });
  }

  test('names routes by their pattern', () => {
    const routes = new Set(entries().map((entry) => entry.route));
    for (const route of ['/api', '/track/v2/projects/:projectToken/batch'])
      assert.ok(routes.has(route), route);
  });
});

test('what an operator changes is logged, without names and values', async () => {
  const { body } = await admin<{ key: { id: string; value: string } }>(
    server.dataFolder,
    'POST',
    '/projects/Demo/keys',
    { class: 'production' },
  );
  await admin(server.dataFolder, 'POST', '/sql', { query: `select '${mark}'` });
  await admin(server.dataFolder, 'POST', '/projects', `{"name":"${mark}`);
  await admin(server.dataFolder, 'GET', `/profile?project=Demo&id=${mark}`);
  await until(
    () => entries().filter((entry) => entry.msg === 'admin').length >= 2,
    'the lines of the operator',
  );
  for (const secret of [...secrets, body.key.value]) assert.ok(!server.stderr().includes(secret));
  assert.match(server.stderr(), /"action":"createKey","outcome":"done"/);
});

test('without the setting there is no access log', async () => {
  await using quiet = await startServer();
  await (await fetch(`${quiet.url}/api`, { method: 'POST', headers: json, body: track })).arrayBuffer();
  await quiet.stop();
  assert.equal(quiet.stderr(), '');
});
