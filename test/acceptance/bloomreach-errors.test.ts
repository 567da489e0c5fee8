/** Every failure of a whole request, in its order: status, body, headers; the switch for status 200, and the rate limit. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { rapport } from '../support/admin.ts';
import { demoProject } from '../support/demo-project.ts';
import { bloomreach, leanplum } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { send } from './wire.ts';

const { projectToken, publicTokens } = demoProject.bloomreach;
const track = `/track/v2/projects/${projectToken}`;
const data = `/data/v2/projects/${projectToken}`;
const known = `Token ${publicTokens[0]}`;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const bodyBytesMax = 42 * 1024 * 1024;

type Json = Record<string, unknown>;
const error = (text: string): Json => ({ success: false, error: text });
const message = (text: string): Json => ({ success: false, message: text });
const errors = (text: string): Json => ({ success: false, errors: [text] });

let server: Server;
before(async () => {
  const privateKeys = [...demoProject.bloomreach.privateKeys, { id: 'blind', secret: 's', permissions: {} }];
  const demo = { ...demoProject, bloomreach: { ...demoProject.bloomreach, privateKeys } };
  server = await startServer({ bootstrap: { projects: [demo] } });
});
after(() => server[Symbol.asyncDispose]());

/** Only the head of a request with a body: what is answered to it is answered before the body. */
function sendHead(path: string, headers: Record<string, string | number>) {
  return new Promise<{ status: number; headers: Headers; body: Json }>((done, fail) => {
    const call = request(server.url + path, { method: 'POST', headers, agent: false }, (answer) => {
      text(answer).then((content) => {
        call.destroy();
        const found = new Headers(answer.headers as Record<string, string>);
        done({ status: answer.statusCode ?? 0, headers: found, body: JSON.parse(content) as Json });
      }, fail);
    });
    call.on('error', fail);
    call.flushHeaders();
  });
}

describe('the first thing that is wrong is what is answered', () => {
  const unknownProject = track.replace(projectToken, '00000000-0000-4000-8000-000000000000');
  const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;
  const { id } = demoProject.bloomreach.privateKeys[0];
  const blind = basic('blind:s');
  // Each row is right where the row above is wrong, and wrong in all that is looked at later.
  const rows: [
    name: string,
    path: string,
    authorization: string | undefined,
    body: string,
    status: number,
    Json,
  ][] = [
    [
      'path',
      '/track/v2/projects/1/nothing',
      undefined,
      '{',
      404,
      error('The requested URL was not found on the server'),
    ],
    [
      'project token: no UUID',
      '/track/v2/projects/1/batch',
      undefined,
      '{',
      400,
      error('Invalid project id'),
    ],
    [
      'project token: unknown',
      `${unknownProject}/batch`,
      undefined,
      '{',
      400,
      error('Could not authenticate'),
    ],
    ['no key', `${track}/batch`, undefined, '{', 401, error('access key not provided')],
    ['a key badly formed', `${track}/batch`, 'Basic !', '{', 401, error('access key not provided')],
    ['an unknown token', `${track}/batch`, 'Token x', '{', 401, error('access key not found')],
    ['an unknown key', `${track}/batch`, basic('x:y'), '{', 401, error('access key not found')],
    ['a wrong secret', `${track}/batch`, basic(`${id}:y`), '{', 403, error('invalid secret')],
    ['a public token', `${data}/customers/export-one`, known, '{', 403, error('No permission')],
    [
      'no right to export',
      `${data}/customers/export-one`,
      blind,
      '{',
      403,
      error('No permission to export customer'),
    ],
    ['batch: no JSON', `${track}/batch`, blind, '{', 400, message('Invalid JSON')],
    ['single: no JSON', `${track}/customers`, blind, '{', 400, errors('Invalid JSON')],
    ['commands: none', `${track}/batch`, blind, '{"commands":null}', 400, message('No commands')],
    ['commands: empty', `${track}/batch`, blind, '{"commands":[]}', 400, message('No commands')],
    [
      'commands: too many',
      `${track}/batch`,
      blind,
      JSON.stringify({ commands: Array(51).fill({}) }),
      400,
      message('Too many commands'),
    ],
    ['a command that is none', `${track}/batch`, blind, '{"commands":[{},1]}', 400, message('Invalid JSON')],
    [
      'no right',
      `${track}/customers/events`,
      blind,
      '{"event_type":"a"}',
      403,
      errors('Not authorized to add event of specified type'),
    ],
    [
      'no ids',
      `${track}/customers/events`,
      known,
      '{"event_type":"a"}',
      400,
      errors('At least one id should be specified.'),
    ],
  ];
  for (const [name, path, authorization, body, status, expected] of rows) {
    test(`${name}: ${status}`, async () => {
      const headers = authorization === undefined ? {} : { authorization };
      const answer = await send<Json>(server, path, { headers, body });
      assert.deepEqual([answer.status, answer.body], [status, expected]);
      assert.match(answer.headers.get('x-request-id') ?? '', uuid);
      assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
    });
  }

  test('the method comes before the project', async () => {
    const answer = await send<Json>(server, '/track/v2/projects/1/batch', { method: 'PUT' });
    assert.deepEqual([answer.status, answer.body], [405, error('Method not allowed')]);
    assert.equal(answer.headers.get('allow'), 'POST');
    assert.match(answer.headers.get('x-request-id') ?? '', uuid);
  });

  test('the key comes before the size, the size before the JSON', async () => {
    const length = { 'content-length': bodyBytesMax + 1 };
    const refused = await sendHead(`${track}/batch`, { ...length, authorization: 'Token x' });
    assert.deepEqual([refused.status, refused.body], [401, error('access key not found')]);
    const tooLarge = await sendHead(`${track}/batch`, { ...length, authorization: known });
    assert.deepEqual([tooLarge.status, tooLarge.body], [413, message('Request too large')]);
    assert.match(tooLarge.headers.get('x-request-id') ?? '', uuid);
  });
});

describe('customers/attributes', () => {
  test('a type that is none is refused with its place; those with a definition are not found', async () => {
    const customer_ids = { registered: 'asked' };
    await bloomreach(server, `${track}/customers`, { customer_ids, properties: { a: 1 } });
    const ask = (attributes: unknown) =>
      bloomreach(server, `${data}/customers/attributes`, { customer_ids, attributes });
    const good = { type: 'property', property: 'a' };
    const bad = [{ type: 'banana' }, { type: 5 }, { property: 'a' }, 'property', null, []];
    for (const it of bad) {
      const answer = await ask([good, it]);
      assert.equal(answer.status, 400);
      const problem = [`Could not parse ${JSON.stringify(it)}. Invalid type.`];
      assert.deepEqual(answer.body, { success: false, errors: { attributes: { 1: problem } } });
    }
    const types = ['segmentation', 'expression', 'aggregate', 'prediction', 'recommendation'];
    const answer = await ask([...types.map((type) => ({ type, id: 'x' })), good]);
    assert.deepEqual(answer.body.results, [
      ...types.map(() => ({ success: false, error: 'Not Found' })),
      { success: true, value: 1 },
    ]);
  });
});

describe('a project that wants failures of single calls with status 200', () => {
  const turn = async (value: 'on' | 'off') => {
    const args = ['projects', 'settings', 'Demo', '--legacy-single-errors-200', value];
    const { code, stdout } = await rapport([...args, '--data', server.dataFolder]);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^legacy single errors 200 +${value}$`, 'm'));
  };
  after(() => turn('off'));

  test('has the same bodies, from the next request on, and nothing else changes', async () => {
    const blind = `Basic ${Buffer.from('blind:s').toString('base64')}` as const;
    const wrong = { customer_ids: {}, event_type: 'a' };
    const noIds = errors('At least one id should be specified.');
    const forbidden = errors('Not authorized to add event of specified type');
    const calls = async () => {
      const answers = [
        await bloomreach(server, `${track}/customers/events`, wrong),
        await bloomreach(server, `${track}/customers/events`, wrong, { auth: blind }),
        await send<Json>(server, `${track}/customers`, { headers: { authorization: known }, body: '{' }),
        await bloomreach(server, `/webxp/projects/${projectToken}/cookies/-/link-ids`, {}),
        await bloomreach(server, `${data}/customers/export-one`, { customer_ids: {} }),
      ];
      return answers.map(({ status, body }) => [status, body]);
    };
    const rest = [[400, errors('Invalid JSON')]] as const;
    const none = { success: false, errors: { customer_ids: ['Must specify at least one customer ID'] } };
    assert.deepEqual(await calls(), [[400, noIds], [403, forbidden], ...rest, [400, noIds], [400, none]]);
    await turn('on');
    assert.deepEqual(await calls(), [[200, noIds], [200, forbidden], ...rest, [200, noIds], [400, none]]);
  });
});

describe('the rate limit', () => {
  test('counts requests, not commands, of Bloomreach alone; before path, method, project and key', async () => {
    await using limited = await startServer({ environment: { RAPPORT_BLOOMREACH_RATE_LIMIT: '4' } });
    const commands = Array(50).fill({ name: 'system/time' });
    const batch = () => bloomreach(limited, '/track/v2/projects/{token}/batch', { commands });
    assert.equal((await batch()).status, 200);
    assert.equal((await batch()).body.results?.length, 50);
    assert.equal((await send(limited, '/nothing')).status, 404);
    assert.equal((await send(limited, '/webxp/projects/1/segments')).status, 400);
    const over = [
      await batch(),
      await send(limited, '/nothing'),
      await send(limited, `${track}/batch`, { method: 'PUT' }),
      await send(limited, '/track/v2/projects/1/batch', { body: '{' }),
    ];
    for (const answer of over) {
      assert.deepEqual([answer.status, answer.body], [429, errors('Too many requests')]);
      assert.match(answer.headers.get('retry-after') ?? '', /^1?\d$/);
      assert.match(answer.headers.get('x-request-id') ?? '', uuid);
    }
    assert.equal((await send(limited, '/health/live')).status, 200);
    assert.equal((await leanplum(limited, { action: 'track', userId: 'a', event: 'b' })).status, 200);
  });

  test('is off by default', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(server, `${track}/nothing`)));
    assert.ok(answers.every(({ status }) => status === 404));
  });
});
