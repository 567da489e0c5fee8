/** Secrets that end and tokens that expire: the whole server over HTTP, with a clock that the test moves. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { SignJWT } from 'jose';
import type { App } from '../../src/app.ts';
import { admin } from '../support/admin.ts';
import { startAppOn } from '../support/app.ts';
import { demoProject } from '../support/demo-project.ts';
import { bloomreach } from '../support/requests.ts';
import { newScratchFolder, removeScratchFolder } from '../support/server.ts';

const folder = newScratchFolder();
const dataFolder = join(folder, 'data');
const hourMs = 60 * 60 * 1000;
let nowMs = 1_800_000_000_000;
let app: App;

before(async () => {
  app = await startAppOn(folder, () => nowMs);
});
after(async () => {
  await app.stop();
  removeScratchFolder(folder);
});

async function restart(): Promise<void> {
  await app.stop();
  app = await startAppOn(folder, () => nowMs);
}

interface Key {
  readonly id: string;
  readonly keyId: string;
  readonly value: string;
}

const keys = '/projects/Demo/keys';
const createKey = async (permissions?: unknown): Promise<Key> => {
  const body = { class: 'private', ...(permissions !== undefined && { permissions }) };
  const answer = await admin<{ key: Key }>(dataFolder, 'POST', keys, body);
  assert.equal(answer.status, 201, answer.text);
  return answer.body.key;
};
const rotate = async ({ id }: Key): Promise<Key> => {
  const answer = await admin<{ key: Key; previousUntilMs: number }>(
    dataFolder,
    'POST',
    `${keys}/${id}/rotate`,
  );
  assert.equal(answer.status, 201, answer.text);
  assert.equal(answer.body.previousUntilMs, nowMs + 24 * hourMs);
  return answer.body.key;
};

const ask = async ({ keyId, value }: Pick<Key, 'keyId' | 'value'>) => {
  const auth = `Basic ${Buffer.from(`${keyId}:${value}`).toString('base64')}` as const;
  const { status, body } = await bloomreach(
    { url: app.address },
    '/track/v2/projects/{token}/system/time',
    undefined,
    { auth },
  );
  return status === 200 ? 200 : [status, body.error];
};

describe('rotation', () => {
  test('two secrets for 24 hours, then the new one alone, across restarts', async () => {
    const first = await createKey({ gdpr: ['exportCustomer'] });
    const second = await rotate(first);
    assert.equal(second.keyId, first.keyId);
    assert.deepEqual([await ask(first), await ask(second)], [200, 200]);
    nowMs += 24 * hourMs - 1;
    await restart();
    assert.deepEqual([await ask(first), await ask(second)], [200, 200]);
    nowMs += 1;
    assert.deepEqual([await ask(first), await ask(second)], [[403, 'invalid secret'], 200]);
    await restart();
    assert.deepEqual([await ask(first), await ask(second)], [[403, 'invalid secret'], 200]);
    const { body } = await admin<{ keys: (Key & { permissions: unknown })[] }>(dataFolder, 'GET', keys);
    const ours = body.keys.filter(({ keyId }) => keyId === first.keyId);
    assert.deepEqual(
      ours.map(({ permissions }) => permissions),
      [1, 2].map(() => ({ gdpr: ['exportCustomer'] })),
    );
  });

  test('never more than two', async () => {
    const first = await createKey();
    const second = await rotate(first);
    const third = await rotate(second);
    assert.deepEqual(await Promise.all([first, second, third].map(ask)), [[403, 'invalid secret'], 200, 200]);
  });

  test('a rotated key that the file still declares ends all the same', async () => {
    const [declared] = demoProject.bloomreach.privateKeys;
    const { body } = await admin<{ keys: Key[] }>(dataFolder, 'GET', keys);
    const old = body.keys.find(({ keyId }) => keyId === declared.id) ?? assert.fail();
    await rotate(old);
    nowMs += 25 * hourMs;
    await restart();
    assert.deepEqual(await ask({ keyId: declared.id, value: declared.secret }), [403, 'invalid secret']);
  });
});

describe('customer tokens', () => {
  interface Wanted {
    readonly alg?: string;
    readonly kid?: string | undefined;
    readonly secret?: string;
    readonly exp?: number | null;
    readonly ids?: unknown;
  }
  let key: Key;
  before(async () => {
    key = await createKey();
  });

  function sign({ alg = 'HS256', kid = key.keyId, secret = key.value, exp, ids }: Wanted) {
    const payload = ids === null ? {} : { ids: ids ?? { registered: 'ann' } };
    const jwt = new SignJWT(payload).setProtectedHeader({ alg, typ: 'JWT', kid });
    if (exp !== null) jwt.setExpirationTime(exp ?? nowMs / 1000 + 60);
    return jwt.sign(Buffer.from(secret));
  }

  const inbox = '/webxp/projects/{token}/appinbox/fetch';
  const streamInbox = '/webxp/streams/{token}/appinbox/fetch';
  async function fetchInbox(token: string, path = inbox) {
    const body = { customer_ids: { registered: 'ann' }, application_id: 'default-application' };
    const answer = await bloomreach({ url: app.address }, path, body, { auth: `Bearer ${token}` });
    return answer.status === 200 ? 200 : [answer.status, answer.body.error];
  }

  test('take the place of a key where the app inbox is asked', async () => {
    assert.equal(await fetchInbox(await sign({})), 200);
    assert.equal(
      await fetchInbox(await sign({ ids: { cookie: 'c1' } }), inbox.replace('fetch', 'markasread')),
      200,
    );
  });

  test('and nowhere else', async () => {
    for (const path of [
      '/track/v2/projects/{token}/customers',
      '/data/v2/projects/{token}/customers/export-one',
    ]) {
      assert.deepEqual(await fetchInbox(await sign({}), path), [401, 'access key not provided']);
    }
  });

  test("a stream's are signed with HS512, and good for all its addresses", async () => {
    const token = await sign({ alg: 'HS512' });
    assert.equal(await fetchInbox(token, streamInbox), 200);
    const { projectToken } = demoProject.bloomreach;
    const path = `/track/u/v1/customers?stream_id=${projectToken}`;
    assert.equal(await fetchInbox(token, path), 200);
    assert.deepEqual(await fetchInbox(token), [401, 'invalid customer token']);
    assert.deepEqual(await fetchInbox(await sign({}), streamInbox), [401, 'invalid customer token']);
  });

  test('are checked', async () => {
    const invalid = [401, 'invalid customer token'];
    const rows: [Wanted, unknown][] = [
      [{ secret: 'another secret, of as many characters' }, invalid],
      [{ exp: nowMs / 1000 - 1 }, invalid],
      [{ exp: null }, invalid],
      [{ ids: null }, invalid],
      [{ ids: {} }, invalid],
      [{ ids: 'ann' }, invalid],
      [{ alg: 'HS384' }, invalid],
      [{ kid: 'nobody' }, [401, 'access key not found']],
    ];
    for (const [wanted, refusal] of rows) {
      assert.deepEqual(await fetchInbox(await sign(wanted)), refusal, JSON.stringify(wanted));
    }
    const [, payload] = (await sign({})).split('.');
    const unsigned = Buffer.from(JSON.stringify({ alg: 'none', kid: key.keyId })).toString('base64url');
    assert.deepEqual(await fetchInbox(`${unsigned}.${payload}.`), invalid);
    for (const text of ['x', 'a.b.c', 'x'.repeat(9_000)]) {
      assert.deepEqual(await fetchInbox(text), [401, 'access key not provided']);
    }
  });

  test('both secrets of a rotated key sign them, each while it lives', async () => {
    const second = await rotate(key);
    const old = { exp: nowMs / 1000 + 1_000_000 };
    const tokens = [await sign(old), await sign({ ...old, secret: second.value })] as const;
    assert.deepEqual([await fetchInbox(tokens[0]), await fetchInbox(tokens[1])], [200, 200]);
    nowMs += 24 * hourMs;
    assert.deepEqual(
      [await fetchInbox(tokens[0]), await fetchInbox(tokens[1])],
      [[401, 'invalid customer token'], 200],
    );
    key = second;
  });

  test('need the key file, which the database never holds', async () => {
    const token = await sign({ exp: nowMs / 1000 + 1_000_000 });
    const file = join(dataFolder, 'secrets.key');
    const kept = readFileSync(file);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    await app.stop();
    assert.ok(!readFileSync(join(dataFolder, 'rapport.sqlite')).includes(key.value));
    rmSync(file);
    app = await startAppOn(folder, () => nowMs);
    assert.deepEqual(await fetchInbox(token), [401, 'invalid customer token']);
    assert.equal(await ask(key), 200, 'the key itself goes on');
    await app.stop();
    writeFileSync(file, kept);
    app = await startAppOn(folder, () => nowMs);
    assert.equal(await fetchInbox(token), 200);
  });
});
