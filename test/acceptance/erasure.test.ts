/** Who is erased, anonymized or blocked: what everybody sees at once, and what is left on disk in the end. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { App } from '../../src/app.ts';
import { admin, rapport } from '../support/admin.ts';
import { startAppOn } from '../support/app.ts';
import { bloomreach, leanplum } from '../support/requests.ts';
import { newScratchFolder, removeScratchFolder } from '../support/server.ts';
import { storedLines } from '../support/stored-lines.ts';
import { until } from '../support/until.ts';
import { exportOne, exportUser, nowSec, onlyElement } from './wire.ts';

const folder = newScratchFolder();
const dataFolder = join(folder, 'data');
let nowMs = Date.now();
let app: App;
let target: { url: string };

before(async () => {
  app = await startAppOn(folder, () => nowMs);
  target = { url: app.address };
});
after(async () => {
  await app.stop();
  removeScratchFolder(folder);
});

type Params = Record<string, unknown>;
const userNotFound = { success: true, warning: { message: 'User not found; request skipped.' } };
const legal = { success: false, error: { message: 'Unavailable For Legal Reasons' } };

async function call(params: Params, key: 'production' | 'development' = 'production', status = 200) {
  const answer = await leanplum(target, params, { key });
  assert.equal(answer.status, status, answer.text);
  return onlyElement(answer);
}

const notFound = async (ids: { userId?: string; deviceId?: string }) =>
  assert.deepEqual(
    onlyElement(await leanplum(target, { action: 'exportUser', ...ids }, { key: 'dataExport' })),
    userNotFound,
  );

async function sql(statement: string): Promise<unknown[][]> {
  const answer = await admin<{ rows: unknown[][] }>(dataFolder, 'POST', '/sql', { query: statement });
  assert.equal(answer.status, 200, answer.text);
  return answer.body.rows;
}

/** Lets so much time pass that everything is sealed and erased, and waits for the last receipt. */
async function takenOut(): Promise<{ lines: number; files: number; scope: string }[]> {
  nowMs += 3 * 60 * 60 * 1000;
  let receipts: { doneMs: number | null; lines: number; files: number; scope: string }[] = [];
  await until(async () => {
    ({ erasures: receipts } = (
      await admin<{ erasures: typeof receipts }>(dataFolder, 'GET', '/erasures')
    ).body);
    return receipts.every((it) => it.doneMs !== null);
  }, 'erased lines are out of all files');
  return receipts;
}

function countFiles(): number {
  const names = readdirSync(join(dataFolder, 'history'), { recursive: true });
  return names.filter((it) => String(it).endsWith('.parquet')).length;
}

describe('deleteUser', () => {
  test('the user is gone at once, and who comes next with his ids is new', async () => {
    const user = { userId: 'del-1', deviceId: 'del-phone-1' };
    await call({ action: 'start', ...user, userAttributes: { plan: 'secret-plan-1' } });
    await call({ action: 'track', ...user, event: 'bought' });
    assert.deepEqual(await call({ action: 'deleteUser', userId: 'del-1' }, 'development'), {
      success: true,
    });
    await notFound({ userId: 'del-1' });
    await notFound({ deviceId: 'del-phone-1' });
    await call({ action: 'track', ...user, event: 'again' });
    const fresh = await exportUser(target, { userId: 'del-1' });
    assert.deepEqual([Object.keys(fresh.events ?? {}), fresh.userAttributes], [['again'], {}]);
  });

  test('what he did stays in the history, what he was does not; with fullErasure neither', async () => {
    for (const [userId, more] of [
      ['del-2', {}],
      ['del-3', { fullErasure: true }],
    ] as const) {
      await call({ action: 'setUserAttributes', userId, userAttributes: { mark: `secret-${userId}` } });
      await call({ action: 'track', userId, event: `did-${userId}`, allowOffline: true });
      await call({ action: 'deleteUser', userId, ...more }, 'development');
    }
    const query = "SELECT name FROM events WHERE name LIKE 'did-del-%' ORDER BY name";
    const personal = "SELECT count(*) FROM lines WHERE params::VARCHAR LIKE '%secret-del-%'";
    assert.deepEqual(await sql(query), [['did-del-2']]);
    assert.deepEqual(await sql(personal), [[0]]);

    const receipts = await takenOut();
    assert.ok(receipts.length >= 3 && receipts.every((it) => it.lines > 0), JSON.stringify(receipts));
    assert.deepEqual(await sql(query), [['did-del-2']]);
    const onDisk = JSON.stringify(await storedLines(dataFolder));
    assert.ok(onDisk.includes('did-del-2') && !onDisk.includes('did-del-3'));
    assert.ok(!onDisk.includes('secret-del-') && !onDisk.includes('secret-plan-'));
  });

  test('what is in files already is written again without him', async () => {
    await call({ action: 'track', userId: 'del-4', event: 'did-del-4', allowOffline: true });
    await call({ action: 'track', userId: 'stays-4', event: 'did-stays-4', allowOffline: true });
    const filesBefore = countFiles();
    nowMs += 3 * 60 * 60 * 1000;
    await until(async () => countFiles() > filesBefore, 'both are in a file');
    await call({ action: 'deleteUser', userId: 'del-4', fullErasure: 'true' }, 'development');
    await takenOut();
    const onDisk = JSON.stringify(await storedLines(dataFolder));
    assert.ok(onDisk.includes('did-stays-4') && !onDisk.includes('did-del-4'));
    assert.deepEqual(await sql("SELECT count(*) FROM events WHERE name = 'did-stays-4'"), [[1]]);
  });

  test('nobody, and a device on which somebody logged in', async () => {
    assert.deepEqual(await call({ action: 'deleteUser', userId: 'nobody' }, 'development'), userNotFound);
    await call({ action: 'start', userId: 'del-5', deviceId: 'del-phone-5' });
    assert.deepEqual(await call({ action: 'deleteUser', deviceId: 'del-phone-5' }, 'development', 400), {
      success: false,
      error: { message: "'userId' must be provided" },
    });
    await exportUser(target, { userId: 'del-5' });
    // The name of the anonymous user he was: nobody may be erased by it who has a name of his own now.
    for (const action of ['deleteUser', 'block']) {
      await call({ action, userId: 'del-phone-5' }, 'development', 400);
    }
    await exportUser(target, { userId: 'del-5' });
    await call({ action: 'start', deviceId: 'del-phone-6' });
    await call({ action: 'deleteUser', deviceId: 'del-phone-6' }, 'development');
    await notFound({ deviceId: 'del-phone-6' });
  });
});

describe('block', () => {
  test('nothing is kept about a blocked user until he is unblocked', async () => {
    const user = { userId: 'block-1', deviceId: 'block-phone-1' };
    await call({ action: 'start', ...user, userAttributes: { plan: 'pro' } });
    assert.deepEqual(await call({ action: 'block', userId: 'block-1' }), { success: true });
    assert.deepEqual(await call({ action: 'block', userId: 'block-1' }), { success: true });
    assert.deepEqual(await call({ action: 'track', ...user, event: 'x' }, 'production', 451), legal);
    assert.deepEqual(await call({ action: 'start', ...user }, 'production', 451), legal);
    const shown = await exportUser(target, { userId: 'block-1' });
    assert.deepEqual([shown.events, shown.userAttributes, shown.totalSessions], [{}, {}, 0]);

    assert.deepEqual(await call({ action: 'unblock', userId: 'block-1' }), { success: true });
    await call({ action: 'track', ...user, event: 'y', allowOffline: true });
    assert.deepEqual(Object.keys((await exportUser(target, { userId: 'block-1' })).events ?? {}), ['y']);
  });

  test('inside multi only his own actions fail; when all are his it is 451', async () => {
    await call({ action: 'block', userId: 'block-2' });
    const his = { action: 'track', userId: 'block-2', event: 'x' };
    const mixed = await leanplum(target, {
      action: 'multi',
      time: nowSec(),
      data: [his, { action: 'setUserAttributes', userId: 'free-2', userAttributes: { a: 1 } }],
    });
    assert.equal(mixed.status, 200);
    assert.deepEqual(mixed.body.response, [legal, { success: true }]);
    const all = await leanplum(target, { action: 'multi', time: nowSec(), data: [his, his] });
    assert.equal(all.status, 451);
    assert.deepEqual(all.body.response, [legal, legal]);
  });

  test('also somebody who is not known yet, and also for the other format', async () => {
    await call({ action: 'block', userId: 'block-3' });
    const answer = await bloomreach(target, '/track/v2/projects/{token}/customers', {
      customer_ids: { registered: 'block-3' },
      properties: { a: 1 },
    });
    assert.deepEqual(
      [answer.status, answer.body],
      [400, { success: false, errors: ['Customer is blocked'] }],
    );
    assert.deepEqual(await call({ action: 'unblock', userId: 'nobody' }), userNotFound);
  });
});

describe('anonymize', () => {
  const path = '/data/v2/projects/{token}/customers/anonymize';

  test('ids and what says who he is go, what he did stays under a fresh cookie', async () => {
    const ids = { registered: 'anon-1', cookie: 'anon-cookie-1' };
    await bloomreach(target, '/track/v2/projects/{token}/batch', {
      commands: [
        {
          name: 'customers',
          data: { customer_ids: ids, properties: { email: 'secret-anon-1@example.com', plan: 'pro' } },
        },
        { name: 'customers/events', data: { customer_ids: ids, event_type: 'anon-bought' } },
      ],
    });
    const answer = await bloomreach(target, path, { customer_ids: { registered: 'anon-1' } });
    assert.deepEqual([answer.status, answer.body], [200, { success: true }]);
    for (const id of [{ registered: 'anon-1' }, { cookie: 'anon-cookie-1' }]) {
      const gone = await bloomreach(target, '/data/v2/projects/{token}/customers/export-one', {
        customer_ids: id,
      });
      assert.equal(gone.status, 404);
    }
    const [[cookie]] = (await sql(
      "SELECT cookie_ids[1] FROM profiles WHERE profile = (SELECT profile FROM events WHERE name = 'anon-bought')",
    )) as [[string]];
    const left = await exportOne(target, { cookie });
    assert.deepEqual([left.properties, left.events.map((it) => it.type)], [{ plan: 'pro' }, ['anon-bought']]);

    await takenOut();
    const onDisk = JSON.stringify(await storedLines(dataFolder));
    assert.ok(onDisk.includes('anon-bought') && !onDisk.includes('secret-anon-1'));
    assert.deepEqual((await exportOne(target, { cookie })).properties, { plan: 'pro' });
  });

  test('nobody else goes with a name that nobody has', async () => {
    const write = (customer_ids: object) =>
      bloomreach(target, '/track/v2/projects/{token}/customers', { customer_ids, properties: {} });
    await write({ registered: 'anon-kept', cookie: 'anon-shared' });
    const asked = { registered: 'anon-nobody', cookie: 'anon-shared' };
    assert.equal((await bloomreach(target, path, { customer_ids: asked })).status, 404);
    assert.deepEqual((await exportOne(target, { registered: 'anon-kept' })).ids['cookie'], ['anon-shared']);
    // An anonymous customer is who is meant, and the name goes with the rest.
    await write({ cookie: 'anon-nameless' });
    const named = { registered: 'anon-nobody', cookie: 'anon-nameless' };
    assert.equal((await bloomreach(target, path, { customer_ids: named })).status, 200);
    assert.equal((await bloomreach(target, path, { customer_ids: named })).status, 404);
  });

  test('what is private is a setting of the project, from the next call on', async () => {
    const properties = { email: 'a@example.com', iban: 'secret-iban', plan: 'pro' };
    const left = async (registered: string) => {
      const ids = { registered, cookie: `cookie of ${registered}` };
      const event = {
        name: 'customers/events',
        data: { customer_ids: ids, event_type: `did-${registered}` },
      };
      const commands = [{ name: 'customers', data: { customer_ids: ids, properties } }, event];
      await bloomreach(target, '/track/v2/projects/{token}/batch', { commands });
      assert.equal((await bloomreach(target, path, { customer_ids: ids })).status, 200);
      const [[cookie]] = (await sql(
        `SELECT cookie_ids[1] FROM profiles WHERE profile = (SELECT profile FROM events WHERE name = 'did-${registered}')`,
      )) as [[string]];
      return Object.keys((await exportOne(target, { cookie })).properties);
    };
    const settings = async (...options: string[]) => {
      const args = ['projects', 'settings', 'Demo', ...options, '--data', dataFolder];
      const { code, stdout, stderr } = await rapport(args);
      assert.equal(code, 0, stderr);
      return /^private properties +(.*)$/m.exec(stdout)?.[1];
    };
    const byDefault =
      'email, phone, first_name, last_name, name, birth_date, address, ip, google_push_notification_id, huawei_push_notification_id, apple_push_notification_id';
    assert.equal(await settings(), byDefault);
    assert.deepEqual(await left('private-1'), ['iban', 'plan']);
    const changed = await settings('--private', 'iban', '--private', 'plan', '--not-private', 'email');
    assert.equal(changed, `${byDefault.replace('email, ', '')}, iban, plan`);
    assert.deepEqual(await left('private-2'), ['email']);
    await settings('--private', 'email', '--not-private', 'iban', '--not-private', 'plan');
    assert.deepEqual(await left('private-3'), ['iban', 'plan']);
  });

  test('what an earlier one has left goes with the user', async () => {
    const customer_ids = { registered: 'anon-2' };
    const update = { customer_ids, properties: { nick: 'secret-anon-2' } };
    await bloomreach(target, '/track/v2/projects/{token}/customers', update);
    await bloomreach(target, path, { customer_ids });
    const [[cookie]] = (await sql(
      "SELECT cookie_ids[1] FROM profiles WHERE attributes->>'nick' = 'secret-anon-2'",
    )) as [[string]];
    await bloomreach(target, '/track/v2/projects/{token}/customers', {
      customer_ids: { cookie, registered: 'anon-3' },
      properties: {},
    });
    await call({ action: 'deleteUser', userId: 'anon-3' }, 'development');
    assert.deepEqual(await sql("SELECT count(*) FROM lines WHERE document::VARCHAR LIKE '%secret-anon-2%'"), [
      [0],
    ]);
    await takenOut();
    assert.ok(!JSON.stringify(await storedLines(dataFolder)).includes('secret-anon-2'));
  });

  test('somebody blocked is left alone, and so are his ids', async () => {
    const ids = { registered: 'block-9', cookie: 'block-cookie-9' };
    await bloomreach(target, '/track/v2/projects/{token}/customers', { customer_ids: ids, properties: {} });
    await call({ action: 'block', userId: 'block-9' });
    const refused = { success: false, errors: { _global: ['Customer is blocked'] } };
    const answer = await bloomreach(target, path, { customer_ids: { registered: 'block-9' } });
    assert.deepEqual([answer.status, answer.body], [400, refused]);
    const taken = await bloomreach(target, '/track/v2/projects/{token}/customers', {
      customer_ids: { registered: 'thief-9', cookie: 'block-cookie-9' },
      properties: {},
    });
    assert.deepEqual(taken.body, { success: false, errors: ['Customer is blocked'] });
    assert.equal(
      (await bloomreach(target, `${path}_bulk`, { customers: [{ customer_ids: ids }] })).status,
      200,
    );
  });

  test('many at once; those nobody knows are passed over', async () => {
    for (const n of [1, 2]) {
      await bloomreach(target, '/track/v2/projects/{token}/customers', {
        customer_ids: { registered: `bulk-${n}` },
        properties: { email: 'a@example.com' },
      });
    }
    const customers = [
      { customer_ids: { registered: 'bulk-1' } },
      { internal_id: '5f1e0c3a9d2b4c6d8e7f0a1b' },
      { customer_ids: { registered: 'nobody' } },
      { customer_ids: { registered: 'bulk-2' } },
    ];
    const answer = await bloomreach(target, `${path}_bulk`, { customers });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(typeof (answer.body as unknown as Params)['bulk_id'], 'string');
    for (const n of [1, 2]) {
      const gone = await bloomreach(target, '/data/v2/projects/{token}/customers/export-one', {
        customer_ids: { registered: `bulk-${n}` },
      });
      assert.equal(gone.status, 404);
    }
  });

  test('bad requests', async () => {
    const cases: [path: string, body: unknown, status: number, errors: unknown][] = [
      [path, {}, 400, { customer_ids: ['Must specify at least one customer ID'] }],
      [path, { customer_ids: { registered: 'nobody' } }, 404, { _global: ['Customer does not exist'] }],
      [`${path}_bulk`, { customers: [] }, 400, { customers: ['Must be an array of 1 to 1000 customers'] }],
      [
        `${path}_bulk`,
        { customers: [1] },
        400,
        { customers: { 0: ['Must specify at least one customer ID'] } },
      ],
    ];
    for (const [at, body, status, errors] of cases) {
      const answer = await bloomreach(target, at, body);
      assert.deepEqual([answer.status, answer.body], [status, { success: false, errors }]);
    }
    const refused = await bloomreach(target, path, { customer_ids: { registered: 'x' } }, { auth: 'public' });
    assert.deepEqual([refused.status, refused.body], [403, { success: false, error: 'No permission' }]);
  });
});
