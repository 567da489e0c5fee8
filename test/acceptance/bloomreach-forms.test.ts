/** How a Bloomreach call may be written down: addresses, credentials, bodies; clicks; what browsers ask. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { demoProject } from '../support/demo-project.ts';
import { bloomreach } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { storedLines } from '../support/stored-lines.ts';
import { exportOne, exportUser, send, userNotFound } from './wire.ts';

let server: Server;
before(async () => {
  server = await startServer({ environment: { RAPPORT_CORS_ORIGINS: 'https://shop.example' } });
});
after(() => server[Symbol.asyncDispose]());

const { projectToken, publicTokens, privateKeys } = demoProject.bloomreach;
const project = `/track/v2/projects/${projectToken}`;
const token = publicTokens[0];
const basic = Buffer.from(`${privateKeys[0].id}:${privateKeys[0].secret}`).toString('base64');
const authorization = `Token ${token}`;
const done = '{"success":true,"errors":[]}';

function event(registered: string): string {
  return JSON.stringify({ customer_ids: { registered }, event_type: 'visit' });
}

describe('addresses and credentials', () => {
  const query = `access_token=${token}`;
  const rows: Record<string, [path: string, headers?: Record<string, string>]> = {
    'a double slash in front': [`/${project}/customers/events`, { authorization }],
    'many slashes': [`///${project}//customers///events`, { authorization }],
    'the token in upper case': [
      `/track/v2/projects/${projectToken.toUpperCase()}/customers/events`,
      { authorization },
    ],
    'token in lower case': [`${project}/customers/events`, { authorization: `token ${token}` }],
    'TOKEN in upper case': [`${project}/customers/events`, { authorization: `TOKEN ${token}` }],
    'basic in lower case': [`${project}/customers/events`, { authorization: `basic ${basic}` }],
    'bASIC in between': [`${project}/customers/events`, { authorization: `bASIC ${basic}` }],
    'more white space': [`${project}/customers/events`, { authorization: `Token   ${token}  ` }],
    'the token in the query': [`${project}/customers/events?${query}`],
    'the token in the query beside others': [`${project}/customers/events?a=1&${query}&b`],
    'the header before the query': [
      `${project}/customers/events?access_token=wrong`,
      { authorization: `Basic ${basic}` },
    ],
    'a content type that is another': [
      `${project}/customers/events`,
      { authorization, 'content-type': 'application/x-www-form-urlencoded' },
    ],
    'the misspelt header of a client': [
      `${project}/customers/events`,
      { authorization, contenttype: 'application/json' },
    ],
  };
  for (const [name, [path, headers = {}]] of Object.entries(rows)) {
    test(name, async () => {
      const answer = await send(server, path, { headers, body: event(name) });
      assert.equal(answer.text, done);
      assert.match(answer.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
      const { events } = await exportOne(server, { registered: name });
      assert.deepEqual(
        events.map(({ type }) => type),
        ['visit'],
      );
    });
  }
});

describe('bodies', () => {
  const headers = { authorization, 'content-type': 'application/json' };

  for (const method of ['GET', 'POST']) {
    test(`${method} system/time with a JSON content type and no body`, async () => {
      const answer = await send<{ success: boolean; errors: unknown; time: number }>(
        server,
        `${project}/system/time`,
        { method, headers },
      );
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual({ ...answer.body, time: 0 }, { success: true, errors: [], time: 0 });
      assert.ok(Math.abs(answer.body.time - Date.now() / 1000) < 20);
    });
  }

  test('may be packed with gzip', async () => {
    for (const encoding of ['gzip', ' X-GZIP ', 'identity']) {
      const plain = Buffer.from(event(`packed ${encoding}`));
      const answer = await send(server, `${project}/customers/events`, {
        headers: { ...headers, 'content-encoding': encoding },
        body: new Uint8Array(encoding === 'identity' ? plain : gzipSync(plain)),
      });
      assert.deepEqual([answer.status, answer.text], [200, done]);
      assert.equal((await exportOne(server, { registered: `packed ${encoding}` })).events.length, 1);
    }
  });

  test('that cannot be unpacked are no JSON; those that are too large then are too large', async () => {
    const packed = gzipSync(event('never'));
    const tooLarge = gzipSync(Buffer.alloc(43 * 1024 * 1024, 0x20));
    const rows: [path: string, encoding: string, body: Buffer, status: number, answer: string][] = [
      ['batch', 'gzip', packed.subarray(0, 20), 400, '{"success":false,"message":"Invalid JSON"}'],
      ['customers/events', 'gzip', Buffer.from('x'), 400, '{"success":false,"errors":["Invalid JSON"]}'],
      ['customers/events', 'br', packed, 400, '{"success":false,"errors":["Invalid JSON"]}'],
      ['batch', 'gzip', tooLarge, 413, '{"success":false,"message":"Request too large"}'],
    ];
    for (const [path, encoding, body, status, expected] of rows) {
      const answer = await send(server, `${project}/${path}`, {
        headers: { ...headers, 'content-encoding': encoding },
        body: new Uint8Array(body),
      });
      assert.deepEqual([answer.status, answer.text], [status, expected]);
    }
  });

  test('members nobody knows are ignored everywhere', async () => {
    const more = { sdk: 'Magento', sdk_version: '1.2.0', magento_version: '2.4', other: { a: [null] } };
    const data = { customer_ids: { registered: 'more', unknown: 'x' }, ...more };
    const commands = [
      { name: 'customers', command_id: 'a', data: { ...data, properties: { a: 1 } }, ...more },
      { name: 'customers/events', data: { ...data, event_type: 'e', metadata: {}, deferred_event: {} } },
    ];
    const answer = await bloomreach(
      server,
      '/track/v2/projects/{token}/batch',
      { ...more, commands },
      { auth: 'public' },
    );
    assert.deepEqual(answer.body.results, [{ success: true, command_id: 'a' }, { success: true }]);
    const { properties, events } = await exportOne(server, { registered: 'more' });
    assert.deepEqual([properties, events.length], [{ a: 1 }, 1]);
  });
});

describe('campaigns/clicks', () => {
  const url = 'myapp://shop/x?utm_source=mail&utm_campaign=Spring%20sale&xnpe_cmp=AbC&page=2#top';
  const link = { utm_source: 'mail', utm_campaign: 'Spring sale', xnpe_cmp: 'AbC', status: 'clicked', url };
  const click = (body: unknown) =>
    bloomreach(server, '/track/v2/projects/{token}/campaigns/clicks', body, { auth: 'public' });

  test('of a customer is an event of his (iOS)', async () => {
    const properties = { platform: 'ios', status: 'ignored' };
    const ids = { registered: 'clicker', cookie: 'c-clicker' };
    const body = {
      url,
      timestamp: 1767225600.1,
      properties,
      customer_ids: ids,
      event_type: 'campaign_click',
    };
    for (let times = 0; times < 2; times++) assert.equal((await click(body)).text, done);
    const { events } = await exportOne(server, { cookie: 'c-clicker' });
    // Sent twice, it is one click.
    assert.deepEqual(events, [
      { type: 'campaign', timestamp: 1767225600.1, properties: { platform: 'ios', ...link } },
    ]);
  });

  test('of nobody is kept, each one (Android)', async () => {
    const body = { url, timestamp: 1767225600.1, properties: { platform: 'Android' } };
    for (let times = 0; times < 2; times++) assert.equal((await click(body)).text, done);
    assert.equal((await click({ url, age: 5, customer_ids: {} })).text, done);
    const kept = await linesOfNobody();
    assert.deepEqual(
      kept.map(({ params }) => params),
      [{ platform: 'Android', ...link }, { platform: 'Android', ...link }, link],
    );
  });

  test('what clicks of nobody are kept under can be named by no request', async () => {
    for (const userId of ['unattributed_clicks', 'reserved']) {
      assert.equal(JSON.stringify(await exportUser(server, { userId })), elementOf(userNotFound));
    }
    for (const type of ['registered', 'cookie', 'reserved']) {
      const answer = await bloomreach(server, '/data/v2/projects/{token}/customers/export-one', {
        customer_ids: { [type]: 'unattributed_clicks' },
      });
      assert.notEqual(answer.status, 200, answer.text);
    }
  });

  test('in a batch, under the names a path may have', async () => {
    const data = { url, customer_ids: { registered: 'batch clicker' } };
    const commands = ['campaigns/clicks', '/campaigns/clicks', `${project}/campaigns/clicks`, 'clicks'].map(
      (name) => ({ name, data }),
    );
    const answer = await bloomreach(
      server,
      '/track/v2/projects/{token}/batch',
      { commands: [...commands, { name: 'campaigns/clicks', data: {} }] },
      { auth: 'public' },
    );
    assert.deepEqual(answer.body.results, [
      { success: true },
      { success: true },
      { success: true },
      { success: false, errors: ['Unknown command'] },
      { success: false, errors: ["Field 'url' is required."] },
    ]);
    assert.equal((await exportOne(server, { registered: 'batch clicker' })).events.length, 3);
  });

  const faults: [body: unknown, error: string][] = [
    [{}, "Field 'url' is required."],
    [{ url: '' }, "Field 'url' is required."],
    [{ url: 7 }, "Field 'url' is required."],
    [{ url, properties: [] }, 'properties must be an object'],
    [{ url, timestamp: 'soon' }, 'Invalid timestamp'],
    [{ url: `x:?${'y'.repeat(17_000)}` }, "Value of property 'url' is too large"],
  ];
  for (const [body, error] of faults) {
    test(`refused: ${JSON.stringify(body).slice(0, 50)}`, async () => {
      const answer = await click(body);
      assert.deepEqual([answer.status, answer.body], [400, { success: false, errors: [error] }]);
    });
  }
});

describe('what browsers ask', () => {
  const preflight = (origin: string) =>
    fetch(`${server.url}${project}/customers/events`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    });

  test('a page of an allowed origin may call', async () => {
    const { status, headers } = await preflight('https://shop.example');
    assert.equal(status, 204);
    assert.match(headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
    assert.deepEqual(
      ['allow-origin', 'allow-methods', 'allow-headers', 'max-age', 'allow-credentials'].map((name) =>
        headers.get(`access-control-${name}`),
      ),
      ['https://shop.example', 'GET,POST,OPTIONS', 'authorization,content-type', '600', null],
    );
    assert.equal(headers.get('vary'), 'Origin');
    const answer = await send(server, `${project}/customers/events`, {
      headers: { authorization, origin: 'https://shop.example' },
      body: event('page'),
    });
    assert.equal(answer.text, done);
    assert.equal(answer.headers.get('access-control-allow-origin'), 'https://shop.example');
  });

  test('also when it is refused, so that it can read why', async () => {
    const headers = { origin: 'https://shop.example' };
    const answer = await send(server, `${project}/customers/events`, { headers, body: event('page') });
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.get('access-control-allow-origin'), 'https://shop.example');
  });

  test('a page of another origin may not', async () => {
    const { headers } = await preflight('https://other.example');
    assert.equal(headers.get('access-control-allow-origin'), null);
    assert.equal(headers.get('vary'), 'Origin');
  });

  test('the Leanplum API allows every origin, and what the page wants to send', async () => {
    const asked = await fetch(`${server.url}/api?action=multi`, {
      method: 'OPTIONS',
      headers: { origin: 'https://other.example', 'access-control-request-headers': 'content-type,x-more' },
    });
    assert.equal(asked.status, 204);
    assert.deepEqual(
      ['allow-origin', 'allow-methods', 'allow-headers'].map((name) =>
        asked.headers.get(`access-control-${name}`),
      ),
      ['*', 'GET, POST, OPTIONS', 'content-type,x-more'],
    );
    const simple = await send(server, '/api', { headers: { origin: 'https://x.example' }, body: '{}' });
    assert.equal(simple.status, 400);
    assert.equal(simple.headers.get('access-control-allow-origin'), '*');
    assert.equal(simple.headers.get('content-type'), 'application/json;charset=utf-8');
    assert.equal(simple.headers.get('cache-control'), 'private');
  });
});

/** The events of the profile that stands for nobody, read from the store itself. */
async function linesOfNobody() {
  const lines = await storedLines(server.dataFolder);
  const nobody = lines.find(({ kind, name }) => kind === 'identity_attached' && name === 'reserved');
  return lines.filter(({ profile, kind }) => profile === nobody?.profile && kind === 'event');
}

function elementOf(envelope: string): string {
  return JSON.stringify(JSON.parse(envelope).response[0]);
}
