/** The admin API over its socket, against a running server. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { admin } from '../support/admin.ts';
import { demoProject } from '../support/demo-project.ts';
import { bloomreach, leanplum } from '../support/requests.ts';
import { newScratchFolder, removeScratchFolder, type Server, startServer } from '../support/server.ts';

let server: Server;
before(async () => {
  server = await startServer();
});
after(() => server[Symbol.asyncDispose]());

const call = <Body = Record<string, unknown>>(method: string, path: string, body?: unknown) =>
  admin<Body>(server.dataFolder, method, path, body);

interface Failure {
  error: { code: string; message: string };
}
interface Keys {
  keys: {
    id: string;
    class: string;
    keyId: string;
    value?: string;
    createdMs: number | null;
    revokedMs: number | null;
  }[];
}
interface NewKey {
  key: { id: string; class: string; keyId: string; value: string };
}
interface NewProject extends Keys {
  project: { name: string; leanplumAppId: string; bloomreachToken: string; keys: number };
}
interface ShownProfile {
  project: string;
  profile: {
    id: number;
    identities: { kind: string; value: string }[];
    attributes: { name: string; value: unknown }[];
    counters: { name: string; count: number }[];
    sessions: { device: string | null }[];
  };
  history: { kind: string; name?: string; id: number }[];
}

describe('the socket', () => {
  test('is for its owner alone, and the API is not served over TCP', async () => {
    const socket = statSync(join(server.dataFolder, 'admin.sock'));
    assert.ok(socket.isSocket());
    assert.equal(socket.mode & 0o777, 0o600);
    assert.equal((await fetch(`${server.url}/admin/v1/status`)).status, 404);
  });

  test('left by a crash, it is replaced', async () => {
    await using first = await startServer();
    await first.kill();
    assert.ok(statSync(join(first.dataFolder, 'admin.sock')).isSocket(), 'the crash left it');
    await using second = await startServer({ dataFolder: first.dataFolder });
    assert.equal((await admin(second.dataFolder, 'GET', '/projects')).status, 200);
  });

  test('is gone after a stop', async () => {
    await using stopped = await startServer();
    assert.equal((await stopped.stop()).code, 0);
    assert.equal(statSync(join(stopped.dataFolder, 'admin.sock'), { throwIfNoEntry: false }), undefined);
  });
});

describe('the description', () => {
  test('names every action, with schemas and answers', async () => {
    const { status, body } = await call<{
      openapi: string;
      paths: Record<string, Record<string, { operationId: string; summary: string; responses: object }>>;
    }>('GET', '/openapi.json');
    assert.equal(status, 200);
    assert.equal(body.openapi, '3.1.0');
    const operations = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => {
        assert.ok(operation.summary.length > 20, `${path} has no summary`);
        assert.ok(Object.keys(operation.responses).length >= 3, `${path} lacks answers`);
        return `${method} ${path} ${operation.operationId}`;
      }),
    );
    assert.deepEqual(operations.sort(), [
      'delete /admin/v1/projects/{project}/keys/{key} revokeKey',
      'get /admin/v1/backups/{id} showBackup',
      'get /admin/v1/erasures listErasures',
      'get /admin/v1/lookups listLookups',
      'get /admin/v1/profile showProfile',
      'get /admin/v1/projects listProjects',
      'get /admin/v1/projects/{project}/keys listKeys',
      'get /admin/v1/projects/{project}/settings showSettings',
      'get /admin/v1/status showStatus',
      'patch /admin/v1/projects/{project}/settings changeSettings',
      'post /admin/v1/backups startBackup',
      'post /admin/v1/projects createProject',
      'post /admin/v1/projects/{project}/keys createKey',
      'post /admin/v1/projects/{project}/keys/{key}/rotate rotateKey',
      'post /admin/v1/sql runSql',
      'put /admin/v1/projects/{project}/keys/{key}/permissions setPermissions',
    ]);
  });
});

describe('projects', () => {
  test('are created with keys that work at once in both dialects', async () => {
    const made = await call<NewProject>('POST', '/projects', { name: 'Shop / main' });
    assert.equal(made.status, 201, made.text);
    const { project, keys } = made.body;
    assert.equal(project.keys, 6);
    const valueOfClass = (keyClass: string) =>
      keys.find((key) => key.class === keyClass)?.value ?? assert.fail();
    const track = { action: 'track', userId: 'ann', event: 'a' };
    const appId = project.leanplumAppId;
    const answer = await leanplum(server, { ...track, appId, clientKey: valueOfClass('production') });
    assert.equal(answer.status, 200, answer.text);
    const path = `/track/v2/projects/${project.bloomreachToken}/system/time`;
    const time = await bloomreach(server, path, undefined, { auth: `Token ${valueOfClass('public')}` });
    assert.equal(time.status, 200, time.text);
    const { body } = await call<{ projects: { name: string }[] }>('GET', '/projects');
    assert.ok(body.projects.some(({ name }) => name === 'Shop / main'));
  });

  test('take an app id and a token that clients have already', async () => {
    const body = {
      name: 'Moved',
      leanplumAppId: 'app_moved',
      bloomreachToken: 'ABCDEFAB-1111-4222-8333-444455556666',
    };
    const made = await call<NewProject>('POST', '/projects', body);
    assert.equal(made.status, 201, made.text);
    assert.equal(made.body.project.leanplumAppId, 'app_moved');
    assert.equal(made.body.project.bloomreachToken, body.bloomreachToken.toLowerCase());
  });

  const { appId } = demoProject.leanplum;
  const { projectToken } = demoProject.bloomreach;
  const wrong: [name: string, body: unknown, status: number, code: string, message: RegExp][] = [
    ['a name that is taken', { name: 'Demo' }, 409, 'conflict', /'Demo'/],
    ['an app id that is taken', { name: 'B', leanplumAppId: appId }, 409, 'conflict', /app_demo/],
    ['a token that is taken', { name: 'B', bloomreachToken: projectToken }, 409, 'conflict', /token/],
    ['no name', {}, 400, 'invalid', /name/],
    ['an empty name', { name: '' }, 400, 'invalid', /name/],
    ['a name with a line feed', { name: 'a\nb' }, 400, 'invalid', /name/],
    ['a token that is no UUID', { name: 'B', bloomreachToken: 'x' }, 400, 'invalid', /bloomreachToken/],
    ['no JSON', '{"name":', 400, 'invalid', /./],
  ];
  for (const [name, body, status, code, message] of wrong) {
    test(`${name}: ${status}`, async () => {
      const answer = await call<Failure>('POST', '/projects', body);
      assert.equal(answer.status, status, answer.text);
      assert.equal(answer.body.error.code, code);
      assert.match(answer.body.error.message, message);
    });
  }
});

describe('keys', () => {
  test('revoked, a key gets in with no request that comes after, also after a restart', async () => {
    await using own = await startServer();
    const ask = <Body>(method: string, path: string, body?: unknown) =>
      admin<Body>(own.dataFolder, method, path, body);
    const { key } = (await ask<NewKey>('POST', '/projects/Demo/keys', { class: 'production' })).body;
    assert.match(key.value, /^prod_[\w-]{43}$/);
    const track = () =>
      leanplum(own, { action: 'track', userId: 'ann', event: 'a', clientKey: key.value }).then(
        (answer) => answer.status,
      );
    assert.equal(await track(), 200);
    assert.equal((await ask('DELETE', `/projects/Demo/keys/${key.id}`)).status, 200);
    assert.equal(await track(), 403);
    await own.stop();
    await using next = await startServer({ dataFolder: own.dataFolder });
    const params = { action: 'track', userId: 'ann', event: 'a' };
    assert.equal((await leanplum(next, { ...params, clientKey: key.value })).status, 403);
    assert.equal((await leanplum(next, params)).status, 200, 'the declared key is still good');
  });

  test('revoked, a declared key does not come back with the next start', async () => {
    await using own = await startServer();
    const { body } = await admin<Keys>(own.dataFolder, 'GET', '/projects/Demo/keys');
    const id = body.keys.find((key) => key.class === 'production')?.id ?? assert.fail();
    await admin(own.dataFolder, 'DELETE', `/projects/Demo/keys/${id}`);
    await own.stop();
    await using next = await startServer({ dataFolder: own.dataFolder });
    const answer = await leanplum(next, { action: 'track', userId: 'ann', event: 'a' });
    assert.equal(answer.status, 403, answer.text);
  });

  test('public tokens and private keys of Bloomreach are revoked on open connections too', async () => {
    const time = (auth: `${string} ${string}`) =>
      bloomreach(server, '/track/v2/projects/{token}/system/time', undefined, { auth });
    for (const keyClass of ['public', 'private']) {
      const { key } = (await call<NewKey>('POST', '/projects/Demo/keys', { class: keyClass })).body;
      const pair = Buffer.from(`${key.keyId}:${key.value}`).toString('base64');
      const auth = keyClass === 'public' ? (`Token ${key.value}` as const) : (`Basic ${pair}` as const);
      assert.equal((await time(auth)).status, 200);
      await call('DELETE', `/projects/Demo/keys/${key.id}`);
      assert.equal((await time(auth)).status, 401);
    }
  });

  test('are listed without their values', async () => {
    const { key } = (await call<NewKey>('POST', '/projects/Demo/keys', { class: 'dataExport' })).body;
    const answer = await call<Keys>('GET', '/projects/Demo/keys');
    const listed = answer.body.keys.find(({ id }) => id === key.id);
    assert.equal(listed?.class, 'dataExport');
    assert.equal(listed?.revokedMs, null);
    assert.ok(typeof listed?.createdMs === 'number');
    for (const secret of [key.value, ...Object.values(demoProject.leanplum.keys)]) {
      assert.ok(!answer.text.includes(secret), 'a value');
    }
  });

  const wrong: [name: string, method: string, path: string, body: unknown, status: number][] = [
    ['no such project', 'GET', '/projects/None/keys', undefined, 404],
    ['no such key', 'DELETE', '/projects/Demo/keys/0000000000000000', undefined, 404],
    ['no such class', 'POST', '/projects/Demo/keys', { class: 'prodution' }, 400],
    ['no such action', 'GET', '/projects/Demo', undefined, 404],
    ['a path that cannot be decoded', 'GET', '/projects/%E0%A4%A/keys', undefined, 400],
  ];
  for (const [name, method, path, body, status] of wrong) {
    test(`${name}: ${status}`, async () => {
      const answer = await call<Failure>(method, path, body);
      assert.equal(answer.status, status, answer.text);
      assert.ok(answer.body.error.message.length > 5);
    });
  }
});

describe('a profile', () => {
  before(async () => {
    const ann = { userId: 'ann', deviceId: 'phone' };
    await leanplum(server, { action: 'start', ...ann, userAttributes: { city: 'Brno' } });
    for (const event of ['first', 'second', 'third'])
      await leanplum(server, { action: 'track', ...ann, event });
    const customer_ids = { registered: 'ann', cookie: 'browser' };
    await bloomreach(server, '/track/v2/projects/{token}/customers', {
      customer_ids,
      properties: { vip: true },
    });
  });
  const show = (query: string) => call<ShownProfile & Failure>('GET', `/profile?project=Demo&${query}`);

  test('is found by every id of either dialect and by the internal one, and is the same', async () => {
    const { body } = await show('id=ann');
    const { profile } = body;
    assert.equal(body.project, 'Demo');
    assert.deepEqual(
      new Map(profile.identities.map((it) => [it.kind, it.value])),
      new Map([
        ['user', 'ann'],
        ['device', 'phone'],
        ['cookie', 'browser'],
      ]),
    );
    assert.deepEqual(
      new Map(profile.attributes.map(({ name, value }) => [name, value])),
      new Map<string, unknown>([
        ['city', 'Brno'],
        ['vip', true],
      ]),
    );
    assert.deepEqual(
      profile.counters.map(({ name, count }) => [name, count]),
      [
        ['first', 1],
        ['second', 1],
        ['third', 1],
      ],
    );
    assert.equal(profile.sessions[0]?.device, 'phone');
    const others = ['id=phone', 'id=browser', 'id=ann&kind=user', `id=${profile.id}`];
    others.push(`id=${profile.id}&kind=internal`);
    for (const query of others) assert.deepEqual((await show(query)).body.profile, profile, query);
    const internal = await call<ShownProfile>('GET', `/profile?id=${profile.id}&kind=internal`);
    assert.deepEqual(internal.body.profile, profile, 'an internal id needs no project');
  });

  test('comes with the newest lines of its history first, as many as asked for', async () => {
    const { history } = (await show('id=ann&limit=100')).body;
    assert.ok(history.length > 6);
    assert.equal(history.at(-1)?.kind, 'created');
    const names = history.filter((line) => line.kind === 'event').map((line) => line.name);
    assert.deepEqual(names, ['third', 'second', 'first']);
    assert.deepEqual((await show('id=ann&limit=2')).body.history, history.slice(0, 2));
    assert.deepEqual((await show('id=ann&limit=0')).body.history, []);
  });

  test('shows what was answered before, at once', async () => {
    for (let n = 1; n <= 10; n++) {
      await leanplum(server, { action: 'track', userId: 'busy', event: 'again' });
      assert.equal((await show('id=busy')).body.profile.counters[0]?.count, n);
    }
  });

  test('an id that names several users has to be said of which kind', async () => {
    await leanplum(server, { action: 'track', userId: 'twin', event: 'a' });
    const customer_ids = { registered: 'other', cookie: 'twin' };
    await bloomreach(server, '/track/v2/projects/{token}/customers', { customer_ids, properties: {} });
    const unclear = await show('id=twin');
    assert.equal(unclear.status, 409, unclear.text);
    assert.match(unclear.body.error.message, /kind/);
    const [user, cookie] = [await show('id=twin&kind=user'), await show('id=twin&kind=cookie')];
    assert.notEqual(user.body.profile.id, cookie.body.profile.id);
  });

  test('of another project is not shown', async () => {
    await call('POST', '/projects', { name: 'Elsewhere' });
    const { profile } = (await show('id=ann')).body;
    for (const id of ['ann', String(profile.id)]) {
      const answer = await call('GET', `/profile?project=Elsewhere&id=${id}`);
      assert.equal(answer.status, 404, answer.text);
    }
    assert.equal((await call('GET', '/profile?id=ann')).status, 400, 'there are several projects');
  });

  const wrong: [query: string, status: number][] = [
    ['id=nobody', 404],
    ['id=1', 404],
    ['id=abc&kind=internal', 404],
    ['id=99999999999999999999', 404],
    ['id=', 400],
    ['kind=user', 400],
    ['id=ann&kind=person', 400],
    ['id=ann&limit=1001', 400],
    ['id=ann&limit=-1', 400],
    ['id=ann&limit=many', 400],
  ];
  for (const [query, expected] of wrong) {
    test(`${query}: ${expected}`, async () => {
      const answer = await show(query);
      assert.equal(answer.status, expected, answer.text);
    });
  }
});

describe('status', () => {
  test('counts what was done, and knows what it runs on', async () => {
    interface Status {
      version: string;
      pid: number;
      address: string;
      engine: { items: number; queued: number };
      callers: { name: string; answered: number; refused: number; p99Ms: number | null }[];
      disk: { databaseBytes: number; freeBytes: number };
    }
    const read = async () => (await call<Status>('GET', '/status')).body;
    const earlier = await read();
    await leanplum(server, { action: 'track', userId: 'counted', event: 'a' });
    await leanplum(server, { action: 'track', userId: 'counted', event: 'a', clientKey: 'wrong' });
    const later = await read();
    assert.equal(later.pid, server.pid);
    assert.equal(later.address, server.url);
    assert.equal(later.engine.items - earlier.engine.items, 1);
    assert.equal(later.engine.queued, 0);
    const callers = (status: Status) =>
      status.callers.find(({ name }) => name === 'leanplum') ?? assert.fail();
    assert.equal(callers(later).answered - callers(earlier).answered, 2);
    assert.equal(callers(later).refused - callers(earlier).refused, 1);
    assert.ok((callers(later).p99Ms ?? 0) > 0);
    assert.ok(later.disk.databaseBytes > 0 && later.disk.freeBytes > 0);
  });
});

describe('sql', () => {
  test('sees what was answered before', async () => {
    await leanplum(server, { action: 'track', userId: 'asked', event: 'sql event' });
    const query = "select name, count(*) as n from events where name = 'sql event' group by name";
    const answer = await call<{ columns: { name: string }[]; rows: unknown[][] }>('POST', '/sql', { query });
    assert.equal(answer.status, 200);
    assert.deepEqual(
      answer.body.columns.map(({ name }) => name),
      ['name', 'n'],
    );
    assert.deepEqual(
      answer.body.rows.map((row) => row.map(String)),
      [['sql event', '1']],
    );
  });

  test('shows profiles as they were answered, also counts that were raised beyond what is exact', async () => {
    const raised = { big: { countIncrement: Number.MAX_SAFE_INTEGER } };
    const query =
      "select attributes->>'plan', event_counts->>'seen', event_counts->>'big' from profiles where user_id = 'counted'";
    for (const plan of ['free', 'pro']) {
      const user = { userId: 'counted' };
      await leanplum(server, { action: 'track', event: 'seen', ...user });
      await leanplum(server, {
        action: 'setUserAttributes',
        userAttributes: { plan },
        events: raised,
        ...user,
      });
      const answer = await call<{ rows: unknown[][] }>('POST', '/sql', { query });
      const seen = plan === 'free' ? '1' : '2';
      assert.deepEqual(answer.body.rows, [[plan, seen, '9007199254740991']]);
    }
  });

  test('that is wrong, or writes, is refused with the reason', async () => {
    for (const query of ['select nothing from nowhere', "copy (select 1) to 'x'", 'drop view events']) {
      const answer = await call<Failure>('POST', '/sql', { query });
      assert.deepEqual([answer.status, answer.body.error.code], [400, 'invalid'], query);
    }
  });
});

describe('a start', () => {
  test('in a folder with a very long path serves the socket there', async () => {
    const scratch = newScratchFolder();
    const dataFolder = join(scratch, 'a'.repeat(100), 'b'.repeat(100));
    mkdirSync(dataFolder, { recursive: true });
    await using own = await startServer({ dataFolder });
    assert.ok(statSync(join(dataFolder, 'admin.sock')).isSocket());
    await own.stop();
    assert.equal(statSync(join(dataFolder, 'admin.sock'), { throwIfNoEntry: false }), undefined);
    removeScratchFolder(scratch);
  });

  test('on a backup is refused, and leaves it as it is', async () => {
    const dataFolder = newScratchFolder();
    writeFileSync(join(dataFolder, 'manifest.json'), '{}');
    await assert.rejects(startServer({ dataFolder }), /RAPPORT_DATA .* is a backup: restore it into another/);
    assert.deepEqual(readdirSync(dataFolder), ['manifest.json']);
    removeScratchFolder(dataFolder);
  });

  test('with a setting that is none says so', async () => {
    await using own = await startServer({ environment: { RAPPORT_PROT: '1' } });
    assert.match(own.stderr(), /"name":"RAPPORT_PROT","msg":"there is no setting of this name"/);
  });

  test('on a restore that did not finish is refused', async () => {
    const dataFolder = newScratchFolder();
    writeFileSync(join(dataFolder, 'rapport.sqlite.restoring'), '');
    await assert.rejects(startServer({ dataFolder }), /RAPPORT_DATA .* holds a restore that did not finish/);
    removeScratchFolder(dataFolder);
  });
});
