import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ProjectId } from '../../core/ids.ts';
import { readIdTypes } from '../../core/project/id-types.ts';
import { defaultPermissions, readPermissions } from '../../core/project/permissions.ts';
import { defaultSettings } from '../../core/project.ts';
import type { NewKey, ProjectChange, ProjectStore, ProjectsChanged } from '../../engine/project-store.ts';
import { hashSecret, nameSecret } from '../../lib/secret.ts';

export interface ProjectStoreUnderTest {
  readonly store: ProjectStore;
  /** Closes the store and opens what it stored, as after a restart. */
  reopen(): Promise<ProjectStore>;
  close(): Promise<void>;
}

const production: NewKey = {
  class: 'production',
  keyId: '',
  hash: hashSecret('prod_1'),
  sealed: null,
  permissions: null,
};
const privateKey: NewKey = {
  class: 'private',
  keyId: 'key-id',
  hash: hashSecret('secret'),
  sealed: Uint8Array.of(1, 2, 3),
  permissions: null,
};
const shop: Extract<ProjectChange, { do: 'create' }> = {
  do: 'create',
  name: 'Shop',
  leanplumApp: 'app_shop',
  bloomreachToken: 'token-shop',
  keys: [production],
};
const bank = { ...shop, name: 'Bank', leanplumApp: 'app_bank', bloomreachToken: 'token-bank', keys: [] };

/** What every store of projects does; `create` makes an empty one. */
export function projectStoreContract(name: string, create: () => Promise<ProjectStoreUnderTest>): void {
  const check = (title: string, run: (under: ProjectStoreUnderTest) => Promise<void>) => {
    test(title, async () => {
      const under = await create();
      try {
        await run(under);
      } finally {
        await under.close();
      }
    });
  };
  describe(`${name} keeps projects`, () => {
    projects(check);
    keys(check);
    rotation(check);
    permissions(check);
    settings(check);
  });
}

type Check = (title: string, run: (under: ProjectStoreUnderTest) => Promise<void>) => void;

function projects(check: Check): void {
  check('a project is there with its keys', async ({ store }) => {
    const [project, ...others] = projectsOf(await store.changeProjects(shop, 1_000));
    assert.deepEqual(others, []);
    assert.deepEqual(
      [project?.name, project?.leanplumApp, project?.bloomreachToken],
      ['Shop', 'app_shop', 'token-shop'],
    );
    assert.deepEqual(
      project?.leanplumKeys.map((key) => key.class),
      ['production'],
    );
  });

  const taken: [problem: string, change: ProjectChange][] = [
    ['name_taken', { ...bank, name: 'Shop' }],
    ['app_taken', { ...bank, leanplumApp: 'app_shop' }],
    ['token_taken', { ...bank, bloomreachToken: 'token-shop' }],
  ];
  for (const [problem, change] of taken) {
    check(`${problem}, and nothing is changed`, async ({ store }) => {
      await store.changeProjects(shop, 1_000);
      assert.deepEqual(await store.changeProjects(change, 2_000), { problem });
      const after = projectsOf(await store.changeProjects(bank, 3_000));
      assert.deepEqual(
        after.map((project) => project.name),
        ['Shop', 'Bank'],
      );
    });
  }
}

function keys(check: Check): void {
  check(
    'a revoked key is in no project any more, but still in the list, also after a restart',
    async (under) => {
      const id = idOf(await under.store.changeProjects(shop, 1_000));
      await under.store.changeProjects({ do: 'add_key', project: id, key: privateKey }, 2_000);
      const revoke: ProjectChange = { do: 'revoke_key', project: id, key: nameSecret(production.hash) };
      const [project] = projectsOf(await under.store.changeProjects(revoke, 3_000));
      assert.deepEqual(project?.leanplumKeys, []);
      assert.equal(project?.privateKeys.length, 1);
      const store = await under.reopen();
      assert.deepEqual(await store.keysOf(id), [
        {
          id: nameSecret(production.hash),
          class: 'production',
          keyId: '',
          createdMs: 1_000,
          expiresMs: null,
          revokedMs: 3_000,
          permissions: null,
        },
        {
          id: nameSecret(privateKey.hash),
          class: 'private',
          keyId: 'key-id',
          createdMs: 2_000,
          expiresMs: null,
          revokedMs: null,
          permissions: defaultPermissions.private,
        },
      ]);
      await store.changeProjects(revoke, 4_000);
      assert.equal((await store.keysOf(id))[0]?.revokedMs, 3_000, 'the first time counts');
    },
  );

  check('a key is revoked in its own project only', async ({ store }) => {
    await store.changeProjects(shop, 1_000);
    const [, other] = projectsOf(await store.changeProjects(bank, 2_000));
    const key = nameSecret(production.hash);
    const project = other?.id ?? assert.fail();
    assert.deepEqual(await store.changeProjects({ do: 'revoke_key', project, key }, 3_000), {
      problem: 'no_such_key',
    });
  });
}

/** A project with one private key, and what changes it. */
async function withPrivateKey(store: ProjectStore) {
  const project = idOf(await store.changeProjects({ ...shop, keys: [production, privateKey] }, 1_000));
  const rotate = async (key: string, secret: string, nowMs: number) =>
    store.changeProjects(
      {
        do: 'rotate_key',
        project,
        key,
        hash: hashSecret(secret),
        sealed: Uint8Array.of(4),
        untilMs: nowMs + 10_000,
      },
      nowMs,
    );
  return { project, rotate, first: nameSecret(privateKey.hash), second: nameSecret(hashSecret('second')) };
}

function rotation(check: Check): void {
  const ends = (changed: ProjectsChanged) =>
    new Map(
      projectsOf(changed)[0]?.privateKeys.map((key) => [nameSecret(key.hash), [key.id, key.expiresMs]]),
    );

  check('a rotated key has two secrets under one id, the older one with its end', async (under) => {
    const { rotate, first, second } = await withPrivateKey(under.store);
    const both = new Map([
      [first, ['key-id', 12_000]],
      [second, ['key-id', null]],
    ]);
    assert.deepEqual(ends(await rotate(first, 'second', 2_000)), both);
    const store = await under.reopen();
    assert.deepEqual(ends(await store.changeProjects(bank, 11_999)), both);
    const later = await store.changeProjects(
      { ...bank, name: 'B', leanplumApp: 'b', bloomreachToken: 'b' },
      12_000,
    );
    assert.deepEqual(ends(later), new Map([[second, ['key-id', null]]]));
  });

  check('of three secrets the oldest ends at once', async ({ store }) => {
    const { rotate, first, second } = await withPrivateKey(store);
    await rotate(first, 'second', 2_000);
    const third = nameSecret(hashSecret('third'));
    assert.deepEqual(
      ends(await rotate(first, 'third', 3_000)),
      new Map([
        [second, ['key-id', 13_000]],
        [third, ['key-id', null]],
      ]),
    );
  });

  check('only a private key that is good has a secret to rotate', async ({ store }) => {
    const { project, rotate, first } = await withPrivateKey(store);
    assert.deepEqual(await rotate(nameSecret(production.hash), 'x', 2_000), { problem: 'wrong_class' });
    assert.deepEqual(await rotate('0000000000000000', 'x', 2_000), { problem: 'no_such_key' });
    await store.changeProjects({ do: 'revoke_key', project, key: first }, 3_000);
    assert.deepEqual(await rotate(first, 'x', 4_000), { problem: 'no_such_key' });
  });
}

function permissions(check: Check): void {
  const declared = { events: { set: ['purchase'] } };

  check(
    'permissions hold for all secrets of a key, for the next one too, and after a restart',
    async (under) => {
      const { project, rotate, first } = await withPrivateKey(under.store);
      await rotate(first, 'second', 2_000);
      const set: ProjectChange = { do: 'set_permissions', project, key: first, permissions: declared };
      await under.store.changeProjects(set, 3_000);
      const after = projectsOf(await rotate(first, 'third', 4_000))[0];
      assert.deepEqual(
        after?.privateKeys.map((key) => key.permissions),
        [readPermissions(declared), readPermissions(declared)],
      );
      const store = await under.reopen();
      const stored = (await store.keysOf(project)).map((key) => key.permissions);
      assert.deepEqual(
        stored.filter((it) => it !== null),
        [declared, declared, declared],
      );
    },
  );

  check("of a public token they are that token's alone; Leanplum's keys have none", async ({ store }) => {
    const tokens = ['one', 'two'].map(
      (it): NewKey => ({ ...production, class: 'public', hash: hashSecret(it) }),
    );
    const project = idOf(await store.changeProjects({ ...shop, keys: [production, ...tokens] }, 1_000));
    const set = (key: NewKey) =>
      store.changeProjects(
        { do: 'set_permissions', project, key: nameSecret(key.hash), permissions: declared },
        2_000,
      );
    const [limited, other] = tokens as [NewKey, NewKey];
    const [changed] = projectsOf(await set(limited));
    const permissionsOf = (key: NewKey) =>
      changed?.publicTokens.find((it) => nameSecret(it.hash) === nameSecret(key.hash))?.permissions;
    assert.deepEqual(permissionsOf(limited), readPermissions(declared));
    assert.deepEqual(permissionsOf(other), readPermissions(defaultPermissions.public));
    assert.deepEqual(await set(production), { problem: 'wrong_class' });
  });
}

function settings(check: Check): void {
  check('settings change one by one, and are there after a restart', async (under) => {
    const project = idOf(await under.store.changeProjects(shop, 1_000));
    const sms = { id: 'sms', name: 'SMS' };
    const set = (given: Extract<ProjectChange, { do: 'set_settings' }>['settings']) =>
      under.store.changeProjects({ do: 'set_settings', project, settings: given }, 2_000);
    await set({ legacySingleErrors200: true });
    await set({ consentCategories: [sms] });
    await set({ privateProperties: ['iban'] });
    const ids = { hard: ['customer', 'email_id'], soft: ['fb', 'cookie'] };
    await set({ ids });
    const store = await under.reopen();
    const [after] = projectsOf(await store.changeProjects(bank, 3_000));
    assert.deepEqual(after?.idTypes, readIdTypes(ids));
    assert.deepEqual(after?.settings, {
      ids,
      legacySingleErrors200: true,
      privateProperties: ['iban'],
      consentCategories: [{ ...sms, description: null, legitimateInterest: false }],
    });
  });

  check('id types that are wrong are refused, and nothing is changed', async ({ store }) => {
    const project = idOf(await store.changeProjects(shop, 1_000));
    const wrong = { ids: { hard: ['a'], soft: ['b'] }, legacySingleErrors200: true };
    assert.deepEqual(await store.changeProjects({ do: 'set_settings', project, settings: wrong }, 2_000), {
      problem: 'ids_wrong',
      reason: "'cookie' must be one of the soft id types",
    });
    assert.deepEqual(projectsOf(await store.changeProjects(bank, 3_000))[0]?.settings, defaultSettings);
  });
}

function projectsOf(changed: ProjectsChanged) {
  return changed.problem === undefined ? changed.projects : assert.fail(changed.problem);
}

function idOf(changed: ProjectsChanged): ProjectId {
  return projectsOf(changed)[0]?.id ?? assert.fail('no project');
}
