/** What the vendor's SDKs track by themselves, as they send it, and how it is read back (contract 2.3, 2.6, 2.8, 5.1). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { demoProject } from '../support/demo-project.ts';
import { bloomreach } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { exportOne, isNear, nowSec, send } from './wire.ts';

type Properties = Record<string, unknown>;

/** What an app's token needs, and no more (contract 1.3). */
const appToken = {
  token: 'app-token',
  permissions: {
    events: {
      set: [
        'installation',
        'session_start',
        'session_end',
        'campaign',
        'banner',
        'notification_state',
        'app_inbox',
        'payment',
        'consent',
      ],
    },
    properties: {
      set: [
        'google_push_notification_id',
        'huawei_push_notification_id',
        'apple_push_notification_id',
        'apple_push_notification_authorized',
      ],
    },
  },
};
const { publicTokens, projectToken } = demoProject.bloomreach;
const demo = {
  ...demoProject,
  bloomreach: { ...demoProject.bloomreach, publicTokens: [...publicTokens, appToken] },
};

let server: Server;
before(async () => {
  server = await startServer({ bootstrap: { projects: [demo] } });
});
after(() => server[Symbol.asyncDispose]());

const done = '{"success":true,"errors":[]}';

async function app(path: string, body: Properties): Promise<void> {
  const answer = await bloomreach(server, `/track/v2/projects/{token}/${path}`, body, {
    auth: 'Token app-token',
  });
  assert.deepEqual([answer.status, answer.text], [200, done]);
}

/** Events by the key of the data API that lists them, in the order of their times. */
async function readBack(customer_ids: Properties, event_types: readonly string[]): Promise<unknown> {
  const asked = { customer_ids, event_types };
  const answer = await bloomreach(server, '/data/v2/projects/{token}/customers/events', asked);
  assert.equal(answer.status, 200, answer.text);
  return answer.body.data;
}

describe('a mobile SDK', () => {
  const cookies = ['0b7ae1d4-0f57-4b9e-9d5f-1f3f3f0a0001', '0b7ae1d4-0f57-4b9e-9d5f-1f3f3f0a0002'] as const;
  const device = { application_id: 'default-application', device_id: 'd-1', platform: 'Android' };
  const state = (push_notification_token: string, valid: boolean, description: string) => ({
    ...device,
    push_notification_token,
    valid,
    description,
  });
  const at = 1_767_225_600.123;
  const first = { cookie: cookies[0] };
  const named = { ...first, registered: 'sdk@shop.test' };
  const second = { cookie: cookies[1] };
  const granted = state('fcm-1', true, 'Permission granted');
  const withdrawn = state('fcm-1', false, 'Invalidated');
  const moved = state('fcm-1', true, 'Permission granted');
  const utm = { utm_source: 'mail', utm_campaign: 'spring', location: 'https://shop.test/?xnpe_cmp=x' };

  test('of an anonymous user who gets a name, and leaves: a new cookie, and nobody else loses what was his', async () => {
    const event = (customer_ids: Properties, event_type: string, after: number, properties: Properties) =>
      app('customers/events', { customer_ids, event_type, timestamp: at + after, properties });
    await event(first, 'installation', 0, device);
    await event(first, 'notification_state', 1, granted);
    await event(first, 'session_start', 2, { ...device, ...utm });
    await app('customers', { customer_ids: named, properties: {}, timestamp: at + 3 });
    await event(named, 'session_end', 4, { ...device, duration: 2.5 });
    await event(named, 'notification_state', 5, withdrawn);
    await event(second, 'installation', 6, device);
    await event(second, 'session_start', 7, device);
    await event(second, 'notification_state', 8, moved);

    assert.deepEqual(await readBack(named, ['notification_state']), [
      { type: 'notification_state', timestamp: at + 1, properties: granted },
      { type: 'notification_state', timestamp: at + 5, properties: withdrawn },
    ]);
    assert.deepEqual(await readBack(second, ['notification_state']), [
      { type: 'notification_state', timestamp: at + 8, properties: moved },
    ]);
    assert.deepEqual(await readBack(first, ['session_start']), [
      { type: 'session_start', timestamp: at + 2, properties: { ...device, ...utm } },
    ]);
    const types = async (ids: Properties) => (await exportOne(server, ids)).events.map(({ type }) => type);
    assert.deepEqual(await types({ registered: 'sdk@shop.test' }), [
      'installation',
      'notification_state',
      'session_start',
      'session_end',
      'notification_state',
    ]);
    assert.deepEqual(await types(second), ['installation', 'session_start', 'notification_state']);
    assert.deepEqual((await exportOne(server, second)).ids, { cookie: [cookies[1]] });
  });

  test('an older one keeps the token of the device as a property, empty when it is gone', async () => {
    const customer_ids = { cookie: 'ck-older-sdk' };
    const set = (google_push_notification_id: string, age: number) =>
      app('customers', { customer_ids, properties: { google_push_notification_id }, age });
    await set('fcm-2', 60);
    assert.deepEqual((await exportOne(server, customer_ids)).properties, {
      google_push_notification_id: 'fcm-2',
    });
    await set('', 30);
    // It was on the phone for longer than what came before it.
    await set('fcm-late', 50);
    assert.deepEqual((await exportOne(server, customer_ids)).properties, { google_push_notification_id: '' });
  });

  test('every event that SDKs have a name for is a plain event', async () => {
    const customer_ids = { cookie: 'ck-all-events' };
    const events: [type: string, properties: Properties][] = [
      [
        'campaign',
        { status: 'delivered', action_type: 'mobile notification', state: 'shown', campaign_id: 'c' },
      ],
      ['campaign', { status: 'clicked', url: 'app', cta: 'notification' }],
      ['banner', { action: 'show', banner_id: 'b', variant_id: 0, interaction: false }],
      ['app_inbox', { status: 'opened', action_type: 'app inbox' }],
      ['payment', { value: 9.99, currency: 'EUR', payment_system: 'Google Play', product_id: 'p' }],
      ['consent', { action: 'accept', category: 'newsletter', valid_until: 'unlimited' }],
    ];
    for (const [index, [event_type, properties]] of events.entries()) {
      await app('customers/events', { customer_ids, event_type, properties, timestamp: at + index });
    }
    assert.deepEqual(
      await readBack(customer_ids, ['campaign', 'banner', 'app_inbox', 'payment', 'consent']),
      events.map(([type, properties], index) => ({ type, timestamp: at + index, properties })),
    );
  });

  test('its token does what it is there for and nothing else', async () => {
    const customer_ids = { cookie: 'ck-limited' };
    const rows: [path: string, body: Properties, error: string][] = [
      [
        'customers/events',
        { customer_ids, event_type: 'purchase' },
        'Not authorized to add event of specified type',
      ],
      [
        'customers',
        { customer_ids, properties: { first_name: 'Ana' } },
        'not authorized to update specified customer properties',
      ],
    ];
    for (const [path, body, error] of rows) {
      const { status, body: refused } = await bloomreach(server, `/track/v2/projects/{token}/${path}`, body, {
        auth: 'Token app-token',
      });
      assert.deepEqual([status, refused], [403, { success: false, errors: [error] }]);
    }
  });
});

test('the web SDK: its first call on a page, and its ping', async () => {
  const cookie = '9f0c7d0e-7a55-4a0b-9d0f-2f3b6f1f9c77';
  const properties = {
    location: 'https://shop.test/',
    os: 'Linux',
    browser: 'Firefox',
    device: 'Other',
    referrer: '',
    path: '/',
    activity: 'start',
    cookie,
  };
  const company_id = projectToken;
  const commands = [
    { name: 'system/ids', data: { project_id: projectToken, cookie, customer: {}, expires: null } },
    { name: 'system/push-notifications-vapid-key', data: { company_id } },
    {
      name: 'crm/events',
      data: {
        customer_ids: { cookie },
        company_id,
        type: 'session_ping',
        age: 0.189,
        timestamp: 1_708_861_951.37,
        properties,
      },
    },
  ];
  const call = {
    sdk: 'Exponea JavaScript SDK',
    sdk_version: 'v2.44.1',
    sdk_snippet_version: 'v2.7.0',
    commands,
  };
  const { body } = await send<{ success: boolean; results: unknown[] }>(server, '/bulk', {
    headers: { 'content-type': 'text/plain;charset=UTF-8', origin: 'https://shop.test' },
    body: JSON.stringify(call),
  });
  const ok = { success: true, status: 'ok' };
  assert.deepEqual(body.results, [
    { ...ok, data: { ids: { cookie } } },
    { ...ok, data: { vapid_key: null } },
    ok,
  ]);
  const events = (await readBack({ cookie }, ['session_ping'])) as { timestamp: number }[];
  assert.deepEqual(
    events.map(({ timestamp: _, ...event }) => event),
    [{ type: 'session_ping', properties }],
  );
  // The age is immune to a wrong clock of the visitor's.
  isNear(events[0]?.timestamp, nowSec());
});

test('events more than a day ahead are kept as they are, and flagged for the operator', async () => {
  const customer_ids = { registered: 'ahead' };
  const day = 24 * 60 * 60;
  const ahead = async () => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    return Number(/^rapport_ahead_total (\d+)$/m.exec(text)?.[1]);
  };
  const before = await ahead();
  const now = nowSec();
  const times = [now - day, now + day - 60, now + day + 60, 99_999_999_999];
  for (const timestamp of times) {
    const event = { customer_ids, event_type: 'x', timestamp };
    const { text } = await bloomreach(server, '/track/v2/projects/{token}/customers/events', event);
    assert.equal(text, done);
  }
  const { events } = await exportOne(server, customer_ids);
  assert.deepEqual(
    events.map(({ timestamp }) => timestamp),
    times,
  );
  assert.equal((await ahead()) - before, 2);
});
