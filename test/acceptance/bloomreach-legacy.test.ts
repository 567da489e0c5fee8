/** The routes of older clients and of the web SDK, which name the project in the body and show no key. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { demoProject } from '../support/demo-project.ts';
import { type Answer, bloomreach } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { exportOne, isNear, nowSec, send } from './wire.ts';

const second = { ...demoProject, name: 'Second', leanplum: { ...demoProject.leanplum, appId: 'app_second' } };
const otherToken = '5b1d6c3a-2f64-4e0f-9d0e-3c7a1f0e9b53';
const secondToken = '0c7d5c44-8a43-4f3c-9d0b-5f9c1f6f0a11';

let server: Server;
before(async () => {
  const bloomreachOfSecond = { ...demoProject.bloomreach, projectToken: secondToken };
  const projects = [demoProject, { ...second, bloomreach: bloomreachOfSecond }];
  server = await startServer({ bootstrap: { projects } });
});
after(() => server[Symbol.asyncDispose]());

const { projectToken } = demoProject.bloomreach;
const project_id = projectToken;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const post = <Body = unknown>(path: string, body: unknown, headers: Record<string, string> = {}) =>
  send<Body>(server, path, { body: typeof body === 'string' ? body : JSON.stringify(body), headers });

interface Bulk {
  start_time: number;
  end_time: number;
  success: boolean;
  results: {
    success: boolean;
    status: string;
    errors?: string[];
    data?: { ids?: { cookie: string } };
    time?: number;
  }[];
}

async function bulk(commands: unknown[], headers?: Record<string, string>): Promise<Answer<Bulk>> {
  const answer = await post<Bulk>('/bulk', { sdk: 'Exponea JS SDK', sdk_version: '2', commands }, headers);
  assert.equal(answer.status, 200, answer.text);
  return answer;
}

const noIds = 'At least one id should be specified.';

describe('/crm', () => {
  for (const key of ['project_id', 'company_id']) {
    test(`customers and events, the project as ${key}`, async () => {
      const registered = `crm ${key}`;
      const customer = await post('/crm/customers', {
        ids: { registered },
        [key]: projectToken,
        properties: { a: 1 },
      });
      assert.equal(customer.text, '{"success":true,"errors":[]}');
      const event = await post('/crm/events', {
        customer_ids: { registered },
        [key]: projectToken.toUpperCase(),
        type: 'visit',
        properties: { path: '/' },
        timestamp: 1767225600,
      });
      assert.equal(event.text, '{"success":true,"errors":[]}');
      const { properties, events } = await exportOne(server, { registered });
      assert.deepEqual(properties, { a: 1 });
      assert.deepEqual(events, [{ type: 'visit', timestamp: 1767225600, properties: { path: '/' } }]);
    });
  }

  test('an age comes before a timestamp', async () => {
    const customer_ids = { registered: 'crm age' };
    await post('/crm/events', { customer_ids, project_id, type: 'ping', age: 100, timestamp: 1 });
    isNear((await exportOne(server, customer_ids)).events[0]?.timestamp, nowSec() - 100);
  });

  const refused: [path: string, body: unknown, status: number, answer: unknown][] = [
    ['customers', '{', 400, { success: false, errors: ['Invalid JSON'] }],
    ['customers', { ids: { registered: 'x' } }, 400, { success: false, error: 'Invalid project id' }],
    ['events', { project_id: 'x' }, 400, { success: false, error: 'Invalid project id' }],
    ['events', { project_id: 5 }, 400, { success: false, error: 'Invalid project id' }],
    ['events', { company_id: otherToken }, 400, { success: false, error: 'Could not authenticate' }],
    ['customers', { project_id }, 400, { success: false, errors: [noIds] }],
    ['customers', { project_id, ids: [] }, 400, { success: false, errors: [noIds] }],
    [
      'events',
      { project_id, ids: { cookie: 'c' } },
      400,
      { success: false, errors: ["Field 'event_type' is required."] },
    ],
    ['customers/track', '[]', 400, { success: false, errors: ['Invalid JSON'] }],
    ['customers/track', {}, 400, { success: false, error: 'Invalid project id' }],
  ];
  for (const [path, body, status, answer] of refused) {
    test(`${path} ${JSON.stringify(body)}`, async () => {
      const given = await post(`/crm/${path}`, body);
      assert.deepEqual([given.status, given.body], [status, answer]);
    });
  }

  test('customers/track gives an app its cookie, or the one it has', async () => {
    const track = async (ids: unknown) => {
      const answer = await post<{ data: { ids: { cookie: string } } }>('/crm/customers/track', {
        ids,
        project_id,
        device: {},
      });
      const { cookie } = answer.body.data.ids;
      assert.deepEqual(answer.body, { success: true, data: { ids: { cookie } } });
      return cookie;
    };
    assert.equal(await track({ cookie: 'ck-app' }), 'ck-app');
    const fresh = await track({ registered: 'app user' });
    assert.match(fresh, uuid);
    assert.notEqual(await track(null), fresh);
    assert.deepEqual((await exportOne(server, { registered: 'app user' })).ids, {
      registered: 'app user',
      cookie: [fresh],
    });
  });
});

test('/system/time, which the oldest SDKs ask before they send anything', async () => {
  const { status, body } = await send<Record<string, unknown>>(server, '/system/time?clientTS=1732700000.1');
  assert.deepEqual([status, Object.keys(body), body['success']], [200, ['success', 'time'], true]);
  isNear(body['time'] as number, nowSec());
});

describe('/bulk', () => {
  test('has one result for each command, in both forms, in their order', async () => {
    const customer_ids = { registered: 'bulk' };
    const from = nowSec();
    const { body } = await bulk([
      { name: 'crm/customers', data: { ids: customer_ids, project_id, properties: { a: 1 } } },
      { name: 'crm/events', data: { customer_ids: {}, project_id, type: 'x' } },
      { name: 'crm/events', data: { customer_ids, company_id: projectToken, type: 'y', properties: null } },
      { name: 'nothing', data: { project_id } },
      { name: 'crm/events', data: { customer_ids, type: 'z' } },
      { name: 'crm/events' },
      { name: 'crm/events', data: { customer_ids, project_id: otherToken, type: 'z' } },
      { name: 'crm/events', data: { customer_ids, project_id: secondToken, type: 'z' } },
      { name: 'system/time' },
    ]);
    const ok = { success: true, status: 'ok' };
    const error = (text: string) => ({ success: false, status: 'error', errors: [text] });
    const { results, start_time, end_time, ...rest } = body;
    const time = results.at(-1)?.time;
    assert.deepEqual(results, [
      ok,
      error(noIds),
      ok,
      error('Unknown command'),
      error('Invalid project id'),
      error('Invalid project id'),
      error('Could not authenticate'),
      error('All commands of a request must name the same project'),
      { ...ok, time },
    ]);
    assert.deepEqual(rest, { success: true });
    assert.ok(start_time <= end_time);
    for (const it of [time, start_time, end_time]) isNear(it, from);
    const { properties, events } = await exportOne(server, customer_ids);
    assert.deepEqual([properties, events.map(({ type }) => type)], [{ a: 1 }, ['y']]);
  });

  test('the project is that of the commands, whichever it is', async () => {
    const data = { ids: { registered: 'of second' }, project_id: secondToken };
    assert.equal((await bulk([{ name: 'crm/customers', data }])).body.results[0]?.status, 'ok');
    const asked = await bloomreach(server, '/data/v2/projects/{token}/customers/export-one', {
      customer_ids: data.ids,
    });
    assert.equal(asked.status, 404);
  });

  const refused: [body: unknown, answer: unknown][] = [
    ['{', { success: false, message: 'Invalid JSON' }],
    [{}, { success: false, message: 'No commands' }],
    [{ commands: [] }, { success: false, message: 'No commands' }],
    [{ commands: [null] }, { success: false, message: 'Invalid JSON' }],
    [{ commands: Array.from({ length: 51 }, () => ({})) }, { success: false, message: 'Too many commands' }],
    [{ commands: [{ name: 'crm/events', data: {} }] }, { success: false, error: 'Invalid project id' }],
    [{ commands: [{ name: 'system/time' }] }, { success: false, error: 'Invalid project id' }],
    [
      { commands: [{ name: 'crm/events' }, { name: 'crm/events', data: { company_id: otherToken } }] },
      { success: false, error: 'Could not authenticate' },
    ],
  ];
  for (const [body, answer] of refused) {
    test(`refused as a whole: ${JSON.stringify(body).slice(0, 70)}`, async () => {
      const given = await post('/bulk', body);
      assert.deepEqual([given.status, given.body], [400, answer]);
    });
  }

  test('a repeat under the same Idempotency-Key has no second effect', async () => {
    const customer_ids = { registered: 'bulk keyed' };
    const command = { name: 'crm/events', data: { customer_ids, project_id, type: 'once' } };
    const headers = { 'idempotency-key': 'bulk 1' };
    const first = await bulk([command], headers);
    assert.equal((await bulk([command], headers)).text, first.text);
    assert.equal((await exportOne(server, customer_ids)).events.length, 1);
  });

  test('there is no key for web push', async () => {
    const name = 'system/push-notifications-vapid-key';
    const { body } = await bulk([{ name, data: { company_id: projectToken } }]);
    assert.deepEqual(body.results, [{ success: true, status: 'ok', data: { vapid_key: null } }]);
  });
});

describe('system/ids', () => {
  const ask = async (data: object, cookies = '') => {
    const command = { name: 'system/ids', data: { project_id, customer: {}, ...data } };
    const answer = await bulk([command], cookies === '' ? {} : { cookie: cookies });
    const cookie = answer.body.results[0]?.data?.ids?.cookie;
    assert.deepEqual(answer.body.results, [{ success: true, status: 'ok', data: { ids: { cookie } } }]);
    const [setCookie = '', ...others] = answer.headers.getSetCookie();
    assert.deepEqual(others, []);
    return { cookie: cookie ?? '', setCookie };
  };
  const name = `xnpe_${projectToken}`;
  const threeYears = 3 * 365 * 24 * 3600;

  test('keeps the cookie that the page has', async () => {
    assert.deepEqual(await ask({ cookie: 'page' }, `a=1; ${name}=kept`), {
      cookie: 'page',
      setCookie: `${name}=page; Max-Age=${threeYears}; Path=/; HttpOnly; SameSite=Lax`,
    });
  });

  test('gives back the one that the browser kept when the page has lost its own', async () => {
    for (const cookie of [undefined, null, '', 'null', {}]) {
      assert.equal((await ask({ cookie }, `a=1; ${name}=kept`)).cookie, 'kept');
    }
    assert.equal((await ask({}, `${name}=a%20b`)).cookie, 'a b');
  });

  test('makes a new one otherwise', async () => {
    const [one, two] = [await ask({}), await ask({}, `xnpe_${secondToken}=of-another; ${name}=---`)];
    assert.match(one.cookie, uuid);
    assert.match(two.cookie, uuid);
    assert.notEqual(one.cookie, two.cookie);
    assert.ok(two.setCookie.startsWith(`${name}=${two.cookie};`));
  });

  test('keeps it as long as the site wants, three years at most', async () => {
    const ages: [expires: unknown, age: number][] = [
      [60, 60],
      [0, 0],
      [threeYears * 2, threeYears],
      [1e10, threeYears],
      [1, 1],
      ['soon', threeYears],
      [null, threeYears],
    ];
    for (const [expires, age] of ages) {
      const { setCookie } = await ask({ expires });
      assert.match(setCookie, new RegExp(`; Max-Age=${age};`), String(expires));
    }
  });

  test('nothing else sets a cookie', async () => {
    const data = { project_id, ids: { cookie: 'plain' } };
    assert.deepEqual((await bulk([{ name: 'crm/customers', data }])).headers.getSetCookie(), []);
  });
});

describe('in a batch', () => {
  const commands = [
    { name: 'crm/customers', data: { ids: { registered: 'batched' }, properties: { a: 1 } } },
    {
      name: `/track/v2/projects/${projectToken}/crm/events`,
      data: { customer_ids: { registered: 'batched' }, type: 'x' },
    },
    { name: 'system/ids', data: {} },
  ];
  const unknown = { success: false, errors: ['Unknown command'] };

  test('crm/customers and crm/events are commands', async () => {
    const { body } = await bloomreach(server, '/track/v2/projects/{token}/batch', { commands });
    assert.deepEqual(body.results, [{ success: true }, { success: true }, unknown]);
    const { properties, events } = await exportOne(server, { registered: 'batched' });
    assert.deepEqual([properties, events.map(({ type }) => type)], [{ a: 1 }, ['x']]);
  });

  test('not when the module is off, and then its routes are not there', async () => {
    await using without = await startServer({ environment: { RAPPORT_LEGACY_API: 'off' } });
    const { body } = await bloomreach(without, '/track/v2/projects/{token}/batch', { commands });
    assert.deepEqual(body.results, [unknown, unknown, unknown]);
    const post = { body: JSON.stringify({ project_id }) };
    const paths = ['/bulk', '/crm/customers', '/crm/events', '/crm/customers/track', '/system/time'];
    for (const path of paths) {
      const answer = await send<{ error: string }>(without, path, path === '/system/time' ? {} : post);
      assert.deepEqual(
        [answer.status, answer.body.error],
        [404, 'The requested URL was not found on the server'],
      );
    }
  });
});
