/** What the vendor's mobile and web SDKs call besides tracking, and the Data Hub's names of the routes. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { demoProject } from '../support/demo-project.ts';
import { bloomreach } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { exportOne, send } from './wire.ts';

let server: Server;
before(async () => {
  server = await startServer({ environment: { RAPPORT_CORS_ORIGINS: 'https://shop.example' } });
});
after(() => server[Symbol.asyncDispose]());

const { projectToken, publicTokens } = demoProject.bloomreach;
const authorization = `Token ${publicTokens[0]}`;
const otherToken = '5b1d6c3a-2f64-4e0f-9d0e-3c7a1f0e9b53';
const customer_ids = { cookie: 'ck-sdk' };

const inbox = { success: true, messages: [], sync_token: '0' };
/** Every route of the table in contract 5.1 that answers the same to everybody. */
const quiet: [method: 'GET' | 'POST', path: string, body: unknown, answer: unknown][] = [
  [
    'POST',
    '/webxp/s/{token}/inappmessages?compatibility=3',
    { customer_ids, device: 'android' },
    { success: true, data: [] },
  ],
  [
    'POST',
    '/webxp/s/{token}/inappmessages?v=1',
    { customer_ids, device: 'ios' },
    { success: true, data: [] },
  ],
  [
    'POST',
    '/webxp/s/{token}/inappcontentblocks?v=2',
    { customer_ids, content_block_ids: ['a'] },
    { success: true, data: [] },
  ],
  ['POST', '/webxp/projects/{token}/appinbox/fetch', { customer_ids, application_id: 'default' }, inbox],
  ['POST', '/webxp/projects/{token}/appinbox/fetch', { customer_ids, sync_token: '0' }, inbox],
  ['POST', '/webxp/projects/{token}/appinbox/fetch', { customer_ids, sync_token: null }, inbox],
  [
    'POST',
    '/webxp/projects/{token}/appinbox/markasread',
    { customer_ids, message_ids: ['m'], sync_token: '0' },
    { success: true },
  ],
  [
    'GET',
    '/wxstatic/projects/{token}/bundle-android.json?v=2',
    undefined,
    { success: true, in_app_content_blocks: [] },
  ],
  [
    'GET',
    '/wxstatic/projects/{token}/bundle-ios.json?v=2',
    undefined,
    { success: true, in_app_content_blocks: [] },
  ],
  ['GET', '/webxp/projects/{token}/segments?cookie=ck-sdk', undefined, {}],
  [
    'POST',
    '/campaigns/send-self-check-notification?project_id={token}',
    { customer_ids, platform: 'android' },
    { success: true },
  ],
];

/** The same in the stream mode of both SDKs. */
const inStreamMode = quiet.map(([method, path, body, answer]): (typeof quiet)[number] => {
  const short = path.replace('/webxp/s/', '/webxp/streams/').replace('/projects/', '/streams/');
  const selfCheck = '/campaigns/streams/{token}/send-self-check-notification';
  return [method, short.startsWith('/campaigns/') ? selfCheck : short, body, answer];
});

describe('what mobile SDKs ask', () => {
  for (const [method, path, body, answer] of [...quiet, ...inStreamMode]) {
    test(`${method} ${path} ${JSON.stringify(body) ?? ''}`, async () => {
      const given = await bloomreach(server, path, body, { auth: 'public' });
      assert.deepEqual([given.status, given.body], [200, answer]);
    });

    test(`${method} ${path} shows a key, of a project that there is`, async () => {
      const refusal = async (address: string, auth: `${string} ${string}`) => {
        const { status, body: refused } = await bloomreach(server, address, body, { auth });
        return [status, refused.error];
      };
      assert.deepEqual(await refusal(path, 'Token wrong'), [401, 'access key not found']);
      assert.deepEqual(await refusal(path, 'None at-all'), [401, 'access key not provided']);
      const unknown = path.replace('{token}', otherToken);
      assert.deepEqual(await refusal(unknown, authorization as never), [400, 'Could not authenticate']);
      const malformed = path.replace('{token}', 'x');
      assert.deepEqual(await refusal(malformed, authorization as never), [400, 'Invalid project id']);
    });
  }

  for (const route of ['fetch', 'markasread']) {
    test(`appinbox/${route}: an unusable sync token is gone`, async () => {
      for (const sync_token of ['1', 'expired', 5, {}, []]) {
        const path = `/webxp/projects/{token}/appinbox/${route}`;
        const answer = await bloomreach(server, path, { customer_ids, sync_token }, { auth: 'public' });
        assert.deepEqual(
          [answer.status, answer.text],
          [410, '{"success":false,"error":"invalid sync token"}'],
        );
      }
    });
  }
});

describe('link-ids', () => {
  const link = (cookie: string, body: unknown, scope = 'projects') =>
    bloomreach(server, `/webxp/${scope}/{token}/cookies/${encodeURIComponent(cookie)}/link-ids`, body, {
      auth: 'public',
    });

  for (const scope of ['projects', 'streams']) {
    test(`of ${scope} joins the ids as customers does, before it answers`, async () => {
      const cookie = `ck link/${scope}`;
      const event = { customer_ids: { cookie }, event_type: 'visit' };
      await bloomreach(server, '/track/v2/projects/{token}/customers/events', event);
      const answer = await link(
        cookie,
        { external_ids: { registered: `link-${scope}`, unknown: 'x' } },
        scope,
      );
      assert.deepEqual([answer.status, answer.text], [200, '{}']);
      const { ids, events, properties } = await exportOne(server, { registered: `link-${scope}` });
      assert.deepEqual(ids, { registered: `link-${scope}`, cookie: [cookie] });
      assert.deepEqual(
        events.map(({ type }) => type),
        ['visit'],
      );
      assert.deepEqual(properties, {});
    });
  }

  test('a key for repeats is used for one cookie', async () => {
    const ask = (cookie: string) =>
      send(server, `/webxp/projects/${projectToken}/cookies/${cookie}/link-ids`, {
        headers: { 'idempotency-key': 'link once' },
        body: JSON.stringify({ external_ids: { registered: 'once' } }),
      });
    const statuses = [(await ask('ck-1')).status, (await ask('ck-1')).status, (await ask('ck-2')).status];
    assert.deepEqual(statuses, [200, 200, 422]);
  });

  const refused: [cookie: string, body: unknown, error: string][] = [
    ['ck', {}, 'At least one id should be specified.'],
    ['ck', { external_ids: {} }, 'At least one id should be specified.'],
    ['ck', { external_ids: 'a' }, 'At least one id should be specified.'],
    ['---', { external_ids: { registered: 'null' } }, 'At least one valid id should be specified'],
  ];
  for (const [cookie, body, error] of refused) {
    test(`of ${cookie} with ${JSON.stringify(body)}: ${error}`, async () => {
      const answer = await link(cookie, body);
      assert.deepEqual([answer.status, answer.body], [400, { success: false, errors: [error] }]);
    });
  }
});

describe('what the web snippet asks', () => {
  const paths = [
    '/managed-tags/show',
    '/campaigns/banners/show',
    `/webxp/projects/${projectToken}/bundle`,
    `/webxp/streams/${projectToken}/managed-tags/show`,
    `/webxp/streams/${projectToken}/bundle`,
  ];
  for (const path of paths) {
    test(`${path} has nothing to show, and needs no key`, async () => {
      assert.equal((await send(server, path)).text, '{}');
      assert.equal((await send(server, path, { body: 'anything' })).text, '{}');
    });
  }

  const webxp = `/webxp/projects/${projectToken}`;
  const link = { body: JSON.stringify({ external_ids: { registered: 'of a page' } }) };

  test('it links ids and asks for segments with nothing but the token of the project', async () => {
    assert.equal((await send(server, `${webxp}/segments?cookie=ck-page`)).text, '{}');
    assert.equal((await send(server, `${webxp}/cookies/ck-page/link-ids`, link)).text, '{}');
    const { ids } = await exportOne(server, { cookie: 'ck-page' });
    assert.deepEqual(ids, { registered: 'of a page', cookie: ['ck-page'] });
  });

  test('that is part of the legacy module', async () => {
    await using without = await startServer({ environment: { RAPPORT_LEGACY_API: 'off' } });
    for (const answer of [
      await send<{ error: string }>(without, `${webxp}/segments?cookie=ck-page`),
      await send<{ error: string }>(without, `${webxp}/cookies/ck-page/link-ids`, link),
    ]) {
      assert.deepEqual([answer.status, answer.body.error], [401, 'access key not provided']);
    }
  });

  const proprietary = [
    '/js/exponea.min.js',
    '/js/brweb.min.js',
    `/webxp/script/${projectToken}/ck/modifications.min.js`,
    `/webxp/script-async/${projectToken}/ck/modifications.min.js`,
  ];
  for (const path of proprietary) {
    test(`${path} is the vendor's, and not here`, async () => {
      const answer = await send(server, path);
      assert.equal(answer.status, 404);
      assert.deepEqual(answer.body, {
        success: false,
        error: 'The requested URL was not found on the server',
      });
    });
  }

  test('pages of a named origin may send cookies to /bulk and /webxp, and to nothing else', async () => {
    const credentialsOf = async (path: string, method: string, origin = 'https://shop.example') => {
      const { headers } = await fetch(server.url + path, { method, headers: { origin } });
      return [headers.get('access-control-allow-origin'), headers.get('access-control-allow-credentials')];
    };
    const segments = `/webxp/projects/${projectToken}/segments`;
    for (const [path, method] of [
      ['/bulk', 'POST'],
      ['/bulk', 'OPTIONS'],
      [segments, 'GET'],
      [`/${segments}`, 'OPTIONS'],
    ] as const) {
      assert.deepEqual(await credentialsOf(path, method), ['https://shop.example', 'true'], path);
      assert.deepEqual(await credentialsOf(path, method, 'https://x.example'), [null, null], path);
    }
    const track = `/track/v2/projects/${projectToken}/batch`;
    assert.deepEqual(await credentialsOf(track, 'OPTIONS'), ['https://shop.example', null]);
    assert.deepEqual(await credentialsOf('/crm/events', 'OPTIONS'), ['https://shop.example', null]);
  });

  test('where all origins are allowed, none may send cookies', async () => {
    await using open = await startServer({ environment: { RAPPORT_CORS_ORIGINS: '*' } });
    const { headers } = await fetch(`${open.url}/bulk`, {
      method: 'OPTIONS',
      headers: { origin: 'https://x.example' },
    });
    assert.equal(headers.get('access-control-allow-origin'), 'https://x.example');
    assert.equal(headers.get('access-control-allow-credentials'), null);
  });
});

describe('routes that no source shows', () => {
  const { token } = { token: projectToken };
  const paths = [
    `/track/v2/projects/${token}/customers/1/events`,
    `/track/v2/projects/${token}/customers/delete`,
    `/track/v2/projects/${token}/push-tokens`,
    `/data/v2/projects/${token}/customers/attributes/batch`,
    `/data/v2/${token}/customers/property`,
    `/data/v2/projects/${token}/customers/personalisation/show-banners`,
    `/data/v2/projects/${token}/configuration/banners`,
    `/track/u/v1/system/time?stream_id=${token}`,
  ];
  for (const path of paths) {
    test(`${path} does not exist`, async () => {
      for (const body of [undefined, '{}']) {
        const answer = await send(server, path, { headers: { authorization }, ...(body && { body }) });
        assert.equal(answer.status, 404);
        assert.deepEqual(answer.body, {
          success: false,
          error: 'The requested URL was not found on the server',
        });
      }
    });
  }
});

describe('the Data Hub', () => {
  const customer = (registered: string) => ({ customer_ids: { registered } });
  const call = (path: string, body: unknown, stream = '{token}') =>
    bloomreach(server, `/track/u/v1/${path}?stream_id=${stream}`, body, { auth: 'public' });

  test('writes to the project whose token is the stream', async () => {
    const who = customer('stream');
    const done = { success: true, errors: [] };
    assert.deepEqual((await call('customers', { ...who, properties: { a: 1 } })).body, done);
    assert.deepEqual((await call('customers/events', { ...who, event_type: 'one' })).body, done);
    assert.deepEqual((await call('campaigns/clicks', { ...who, url: 'https://x?utm_source=m' })).body, done);
    const commands = [{ name: 'customers/events', data: { ...who, event_type: 'two' } }];
    assert.deepEqual((await call('batch', { commands })).body.results, [{ success: true }]);
    const { properties, events } = await exportOne(server, who.customer_ids);
    assert.deepEqual(properties, { a: 1 });
    assert.deepEqual(
      events.map(({ type }) => type),
      ['one', 'campaign', 'two'],
    );
  });

  test('says what is wrong with a stream as with a project', async () => {
    const refusals = async (stream: string) => {
      const { status, body } = await call('customers', customer('x'), stream);
      return [status, body.error];
    };
    assert.deepEqual(await refusals(''), [400, 'Invalid project id']);
    assert.deepEqual(await refusals('x'), [400, 'Invalid project id']);
    assert.deepEqual(await refusals(otherToken), [400, 'Could not authenticate']);
    const { status } = await bloomreach(server, '/track/u/v1/customers', customer('x'));
    assert.equal(status, 400);
  });

  test('is not there when a setting says so', async () => {
    await using without = await startServer({ environment: { RAPPORT_STREAM_API: 'off' } });
    const paths = [
      '/track/u/v1/batch?stream_id={token}',
      ...inStreamMode.filter(([method]) => method === 'POST').map(([, path]) => path),
    ];
    for (const path of paths) {
      const { status, body } = await bloomreach(without, path, {}, { auth: 'public' });
      assert.deepEqual([status, body.error], [404, 'The requested URL was not found on the server']);
    }
    const { status } = await bloomreach(
      without,
      '/webxp/projects/{token}/appinbox/fetch',
      {},
      { auth: 'public' },
    );
    assert.equal(status, 200);
  });
});
