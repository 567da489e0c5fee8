import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, type TestContext, test } from 'node:test';
import { defaultPermissions, readPermissions } from '../../core/project/permissions.ts';
import { isSecret, nameSecret } from '../../lib/secret.ts';
import { lookupsContract } from '../contract/lookups.ts';
import { projectStoreContract } from '../contract/project-store.ts';
import { stateStoreContract } from '../contract/state-store.ts';
import { bank, block, eventId, eventLine, shop, wanted, writeSet } from '../contract/write-sets.ts';
import { changeProjects } from './change-projects.ts';
import { DeclarationConflict, type DeclaredProject, declareProjects as declare } from './declare-projects.ts';
import { foldAll } from './fold-lines.ts';
import { FolderInUse, lockFolder } from './lock.ts';
import { readLookups } from './lookups.ts';
import { openWriter } from './open.ts';
import { loadProjects as load } from './projects.ts';
import { migrate } from './schema.ts';
import { SqliteStore } from './store.ts';

const declareProjects = (database: DatabaseSync, declared: readonly DeclaredProject[]) =>
  declare(database, declared, { nowMs: 0, seal: (secret) => Buffer.from(`sealed ${secret}`) });
const loadProjects = (database: DatabaseSync) => load(database, 0);

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'rapport-store-'));
}

function newDatabase(folder: string): string {
  const file = join(folder, 'rapport.sqlite');
  const database = openWriter(file);
  migrate(database);
  database.close();
  return file;
}

async function create() {
  const folder = newFolder();
  const file = newDatabase(folder);
  let store = new SqliteStore(file);
  return {
    file,
    store,
    history: store,
    append: (group: Parameters<SqliteStore['commit']>[0]) => store.commit(group),
    reopen: async () => {
      await store.close();
      const database = openWriter(file);
      foldAll(database);
      database.close();
      store = new SqliteStore(file);
      return store;
    },
    close: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

stateStoreContract('SQLite', create);
projectStoreContract('SQLite', create);
lookupsContract('SQLite', async () => {
  const { file, store, close } = await create();
  const stored = () => {
    const database = new DatabaseSync(file, { readOnly: true });
    try {
      return readLookups(database);
    } finally {
      database.close();
    }
  };
  return { store, stored, close };
});

/** A database of this test alone. */
function openDatabase(t: TestContext): DatabaseSync {
  const folder = newFolder();
  const database = openWriter(newDatabase(folder));
  t.after(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });
  return database;
}

describe('the tables', () => {
  test('a block says which lines it holds', async (t) => {
    const { store, file, close } = await create();
    t.after(close);
    const shops = [eventLine(1, 1), eventLine(4, 1), eventLine(5, 1)];
    const banks = [eventLine(2, 2, { project: bank })];
    await store.commit(writeSet({ nowMs: 42, blocks: [block(shop, shops), block(bank, banks)] }));
    const database = new DatabaseSync(file, { readOnly: true });
    t.after(() => database.close());
    const rows = database
      .prepare('SELECT id, last_id, project_id, at_ms, lines FROM blocks ORDER BY id')
      .all();
    assert.deepEqual(
      rows.map((row) => Object.values(row)),
      [
        [eventId(1), eventId(5), shop, 42, 3],
        [eventId(2), eventId(2), bank, 42, 1],
      ],
    );
  });

  test('answers rest on these settings of a connection that writes', (t) => {
    const database = openDatabase(t);
    const read = (name: string) => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    const settings = ['journal_mode', 'synchronous', 'secure_delete', 'wal_autocheckpoint'];
    assert.deepEqual(settings.map(read), ['wal', 2, 1, 0]);
  });
});

describe('migration', () => {
  const schemaOf = (database: DatabaseSync) =>
    database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all();

  test('twice is once', (t) => {
    const database = openDatabase(t);
    const before = schemaOf(database);
    database.exec("INSERT INTO projects (name) VALUES ('Demo')");
    migrate(database);
    assert.deepEqual(schemaOf(database), before);
    assert.equal(loadProjects(database).length, 1);
  });

  test('a schema from a newer version is refused and left alone', (t) => {
    const database = openDatabase(t);
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as {
      user_version: number;
    };
    database.exec(`PRAGMA user_version = ${version + 1}`);
    const before = schemaOf(database);
    assert.throws(
      () => migrate(database),
      new RegExp(`schema ${version + 1}.*knows ${version}.*newer version`),
    );
    assert.deepEqual(schemaOf(database), before);
    assert.equal(database.isTransaction, false);
    assert.deepEqual({ ...database.prepare('PRAGMA user_version').get() }, { user_version: version + 1 });
  });
});

describe('the lock of the data folder', () => {
  test('one at a time, and the second is told who', (t) => {
    const folder = newFolder();
    t.after(() => rmSync(folder, { recursive: true }));
    const lock = lockFolder(folder);
    const refused = (text: RegExp) =>
      assert.throws(
        () => lockFolder(folder),
        (error) => error instanceof FolderInUse && text.test(error.message),
      );
    refused(new RegExp(`process ${process.pid}$`));
    lock.describe('process 1, serving http://here');
    refused(/in use by process 1, serving http:\/\/here$/);
    rmSync(join(folder, 'holder.txt'));
    refused(/in use by another process$/);
    lock.release();
    const next = lockFolder(folder);
    assert.equal(readFileSync(join(folder, 'holder.txt'), 'utf8'), `process ${process.pid}\n`);
    next.release();
  });

  test('what a dead holder left behind locks nobody out', (t) => {
    const folder = newFolder();
    t.after(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'holder.txt'), 'process 1\n');
    lockFolder(folder).release();
    lockFolder(folder).release();
  });
});

const token = '6f0c7d0e-7a55-4a0b-9d0f-2f3b6f1f9c11';
const demo = {
  name: 'Demo',
  leanplum: { appId: 'app_demo', keys: { production: 'prod_1', dataExport: 'exp_1' } },
  bloomreach: { projectToken: token, publicTokens: ['public_1'], privateKeys: [{ id: 'k', secret: 's' }] },
};

describe('declared projects', () => {
  test('are created with their keys, as hashes', (t) => {
    const database = openDatabase(t);
    declareProjects(database, [demo, { name: 'Empty' }]);
    const [project, empty] = loadProjects(database);
    assert.deepEqual(
      [project?.name, project?.leanplumApp, project?.bloomreachToken],
      ['Demo', 'app_demo', token],
    );
    const keys = new Map(project?.leanplumKeys.map((key) => [key.class, key.hash]));
    assert.deepEqual([...keys.keys()].sort(), ['dataExport', 'production']);
    const isHash = (secret: string, hash: Uint8Array | undefined) =>
      hash !== undefined && isSecret(secret, hash);
    assert.ok(isHash('prod_1', keys.get('production')) && isHash('exp_1', keys.get('dataExport')));
    assert.equal(project?.publicTokens.length, 1);
    assert.ok(isHash('public_1', project?.publicTokens[0]?.hash));
    assert.deepEqual(
      project?.privateKeys.map((key) => key.id),
      ['k'],
    );
    assert.ok(isHash('s', project?.privateKeys[0]?.hash));
    assert.deepEqual(
      [
        empty?.leanplumApp,
        empty?.bloomreachToken,
        empty?.leanplumKeys,
        empty?.publicTokens,
        empty?.privateKeys,
      ],
      [null, null, [], [], []],
    );
  });

  test('a revoked key that is still declared stays revoked', (t) => {
    const database = openDatabase(t);
    declareProjects(database, [demo]);
    const [project] = loadProjects(database);
    const production = project?.leanplumKeys.find((key) => key.class === 'production') ?? assert.fail();
    const change = { do: 'revoke_key', project: project?.id ?? assert.fail() } as const;
    changeProjects(database, { ...change, key: nameSecret(production.hash) }, 1);
    declareProjects(database, [demo]);
    assert.deepEqual(
      loadProjects(database)[0]?.leanplumKeys.map((key) => key.class),
      ['dataExport'],
    );
  });

  test('declared again, nothing changes', (t) => {
    const database = openDatabase(t);
    declareProjects(database, [demo]);
    const before = loadProjects(database);
    declareProjects(database, [demo, demo]);
    declareProjects(database, []);
    declareProjects(database, [{ name: 'Demo' }]);
    assert.deepEqual(loadProjects(database), before);
  });

  test('keys are added, never taken away', (t) => {
    const database = openDatabase(t);
    declareProjects(database, [demo]);
    declareProjects(database, [
      { name: 'Demo', leanplum: { appId: 'app_demo', keys: { production: 'prod_2', development: 'dev_1' } } },
      { name: 'Demo', bloomreach: { projectToken: token, privateKeys: [{ id: 'k', secret: 's2' }] } },
    ]);
    const [project] = loadProjects(database);
    const classes = project?.leanplumKeys.map((key) => key.class).sort();
    assert.deepEqual(classes, ['dataExport', 'development', 'production', 'production']);
    assert.deepEqual([project?.publicTokens.length, project?.privateKeys.length], [1, 2]);
  });

  test('permissions and settings that are declared hold again from each start; left out, they stay', (t) => {
    const database = openDatabase(t);
    const limited = { id: 'k', secret: 's', permissions: { events: { set: ['a'] } } };
    const bloomreach = {
      projectToken: token,
      publicTokens: ['open', { token: 'limited', permissions: {} }],
      privateKeys: [limited],
      legacySingleErrors200: true,
      privateProperties: ['iban'],
    };
    declareProjects(database, [{ name: 'Demo', bloomreach }]);
    const read = () => loadProjects(database)[0] ?? assert.fail();
    const before = read();
    assert.deepEqual(before.privateKeys[0]?.permissions, readPermissions(limited.permissions));
    assert.equal(Buffer.from(before.privateKeys[0]?.sealed ?? []).toString(), 'sealed s');
    const tokens = new Map(before.publicTokens.map((it) => [isSecret('open', it.hash), it.permissions]));
    assert.deepEqual(tokens.get(true), readPermissions(defaultPermissions.public));
    assert.deepEqual(tokens.get(false), readPermissions({}));
    assert.equal(before.settings.legacySingleErrors200, true);

    database.exec("UPDATE keys SET permissions = '{}'");
    declareProjects(database, [
      { name: 'Demo', bloomreach: { projectToken: token, privateKeys: [{ id: 'k', secret: 's' }] } },
    ]);
    assert.deepEqual(read().privateKeys[0]?.permissions, readPermissions({}));
    assert.equal(read().settings.legacySingleErrors200, true);
    assert.deepEqual(read().settings.privateProperties, ['iban']);
    declareProjects(database, [{ name: 'Demo', bloomreach }]);
    assert.deepEqual(read().privateKeys, before.privateKeys);
  });

  test('permissions that are declared of a private key are those of all its secrets', (t) => {
    const database = openDatabase(t);
    const declare = (permissions: object) => {
      const privateKeys = [{ id: 'k', secret: 's', permissions }];
      declareProjects(database, [{ name: 'Demo', bloomreach: { projectToken: token, privateKeys } }]);
    };
    declare({ gdpr: ['exportCustomers'] });
    database.exec(
      "INSERT INTO keys (project_id, class, key_id, hash, created_ms, permissions) SELECT project_id, class, key_id, x'01', created_ms, permissions FROM keys",
    );
    declare({});
    assert.deepEqual(
      loadProjects(database)[0]?.privateKeys.map((it) => it.permissions),
      [readPermissions({}), readPermissions({})],
    );
  });

  test('the other dialect may come later', (t) => {
    const database = openDatabase(t);
    declareProjects(database, [{ name: 'Demo', leanplum: demo.leanplum }]);
    assert.equal(loadProjects(database)[0]?.bloomreachToken, null);
    declareProjects(database, [{ name: 'Demo', bloomreach: demo.bloomreach }]);
    assert.equal(loadProjects(database)[0]?.bloomreachToken, token);
  });

  const conflicts: Record<string, { declared: readonly DeclaredProject[]; message: RegExp }> = {
    'another app for a project': {
      declared: [{ name: 'Demo', leanplum: { appId: 'app_other', keys: {} } }],
      message: /'Demo'.*'app_demo'.*'app_other'/,
    },
    'another token for a project': {
      declared: [{ name: 'Demo', bloomreach: { projectToken: token.replace('6', '7') } }],
      message: /'Demo'.*6f0c.*7f0c/,
    },
    'an app of another project': {
      declared: [{ name: 'Shop', leanplum: { appId: 'app_demo', keys: {} } }],
      message: /declared for two projects/,
    },
    'a token of another project': {
      declared: [{ name: 'Shop', bloomreach: { projectToken: token } }],
      message: /declared for two projects/,
    },
    'a token of another project in other letter case': {
      declared: [{ name: 'Shop', bloomreach: { projectToken: token.toUpperCase() } }],
      message: /declared for two projects/,
    },
  };
  for (const [name, { declared, message }] of Object.entries(conflicts)) {
    test(`${name} is a conflict, and nothing of the declaration is kept`, (t) => {
      const database = openDatabase(t);
      declareProjects(database, [demo]);
      const before = loadProjects(database);
      assert.throws(
        () => declareProjects(database, [{ name: 'New' }, ...declared]),
        (error) => error instanceof DeclarationConflict && message.test(error.message),
      );
      assert.deepEqual(loadProjects(database), before);
      assert.equal(database.isTransaction, false);
    });
  }

  test('a project may be declared with its token in other letter case', (t) => {
    const database = openDatabase(t);
    declareProjects(database, [demo]);
    declareProjects(database, [{ name: 'Demo', bloomreach: { projectToken: token.toUpperCase() } }]);
    assert.equal(loadProjects(database).length, 1);
  });
});

describe('old idempotency records', () => {
  test('are removed slice by slice, newer ones never', async (t) => {
    const { store, close } = await create();
    t.after(close);
    const keys = Array.from({ length: 4_500 }, (_, n) => `key/${n}`);
    const isOld = (n: number) => n % 2 === 0;
    for (const old of [true, false]) {
      const records = keys.flatMap((key, n) => (isOld(n) === old ? [{ key, document: '1' }] : []));
      await store.commit(writeSet({ nowMs: old ? 999 : 1_000, records }));
    }
    const left = async () => {
      const { records } = await store.read(wanted({ records: keys }));
      return keys.filter((_, n) => records[n] !== null).length;
    };
    await store.expireRecords(1_000);
    assert.ok((await left()) > keys.length / 2, 'one call removes a slice only');
    for (let call = 0; call < 2; call++) await store.expireRecords(1_000);
    const { records } = await store.read(wanted({ records: keys }));
    assert.ok(keys.every((_, n) => (records[n] === null) === isOld(n)));
    // Round and round: the next walk begins at the start again.
    for (let call = 0; call < 3; call++) await store.expireRecords(2_000);
    assert.equal(await left(), 0);
    await store.expireRecords(2_000);
  });

  test('are removed also behind many newer ones', async (t) => {
    const { store, close } = await create();
    t.after(close);
    const newer = Array.from({ length: 4_500 }, (_, n) => ({ key: `a/${n}`, document: '1' }));
    await store.commit(writeSet({ nowMs: 5, records: newer }));
    await store.commit(writeSet({ nowMs: 1, records: [{ key: 'b', document: '1' }] }));
    for (let call = 0; call < 3; call++) await store.expireRecords(5);
    assert.deepEqual((await store.read(wanted({ records: ['a/0', 'b'] }))).records, ['1', null]);
  });

  test('a record that was used again counts from then', async (t) => {
    const { store, close } = await create();
    t.after(close);
    await store.commit(writeSet({ nowMs: 1, records: [{ key: 'r', document: '1' }] }));
    await store.commit(writeSet({ nowMs: 5, records: [{ key: 'r', document: '2' }] }));
    await store.expireRecords(5);
    assert.deepEqual((await store.read(wanted({ records: ['r'] }))).records, ['2']);
  });
});

test('the probe is a write that can be read', async (t) => {
  const { store, file, close } = await create();
  t.after(close);
  await store.probe(1);
  await store.probe(2);
  const database = new DatabaseSync(file, { readOnly: true });
  t.after(() => database.close());
  assert.deepEqual({ ...database.prepare('SELECT * FROM probe').get() }, { id: 1, at_ms: 2 });
});
