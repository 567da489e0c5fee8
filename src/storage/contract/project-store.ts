import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ProjectId } from '../../core/ids.ts';
import type { NewKey, ProjectChange, ProjectStore, ProjectsChanged } from '../../engine/store.ts';
import { hashSecret, nameSecret } from '../../lib/secret.ts';

export interface ProjectStoreUnderTest {
  readonly store: ProjectStore;
  /** Closes the store and opens what it stored, as after a restart. */
  reopen(): Promise<ProjectStore>;
  close(): Promise<void>;
}

const production: NewKey = { class: 'production', keyId: '', hash: hashSecret('prod_1') };
const privateKey: NewKey = { class: 'private', keyId: 'key-id', hash: hashSecret('secret') };
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
          revokedMs: 3_000,
        },
        {
          id: nameSecret(privateKey.hash),
          class: 'private',
          keyId: 'key-id',
          createdMs: 2_000,
          revokedMs: null,
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

function projectsOf(changed: ProjectsChanged) {
  return changed.problem === undefined ? changed.projects : assert.fail(changed.problem);
}

function idOf(changed: ProjectsChanged): ProjectId {
  return projectsOf(changed)[0]?.id ?? assert.fail('no project');
}
