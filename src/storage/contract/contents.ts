import assert from 'node:assert/strict';
import type { ContentRow, StateStore } from '../../engine/store.ts';
import { bank, block, eventLine, shop, wanted, writeSet } from './write-sets.ts';

/** What every store does with the contents of projects. */
export function contentChecks(
  check: (
    title: string,
    run: (under: { store: StateStore; reopen(): Promise<StateStore> }) => Promise<void>,
  ) => void,
): void {
  const row = (part: ContentRow['part'], document: string, project = shop) => ({ project, part, document });
  const contentsOf = async (store: StateStore, ...projects: ContentRow['project'][]) => {
    const { contents } = await store.read(wanted({ contents: projects }));
    const rows = contents.map(({ project, part, document }) => ({ project, part, document }));
    return rows.sort((a, b) => a.project - b.project || (a.part < b.part ? -1 : 1));
  };

  check('a part of a content replaces the one before it, the other parts stay', async ({ store, reopen }) => {
    assert.deepEqual(await contentsOf(store, shop), []);
    const files = row('fileAttributes', '[["a.png",{"":{}}]]');
    await store.commit(writeSet({ contents: [row('variables', '[["a",1]]'), files] }));
    await store.commit(writeSet({ contents: [row('variables', '[["__proto__","\\u0000 ü"]]')] }));
    const expected = [files, row('variables', '[["__proto__","\\u0000 ü"]]')];
    assert.deepEqual(await contentsOf(store, shop), expected);
    assert.deepEqual(await contentsOf(await reopen(), shop), expected);
  });

  check('a content is that of its project', async ({ store }) => {
    const contents = [row('variables', '[["a",1]]'), row('variables', '[["a",2]]', bank)];
    await store.commit(writeSet({ contents }));
    assert.deepEqual(await contentsOf(store, bank), [contents[1]]);
    assert.deepEqual(await contentsOf(store, shop, bank), contents);
    assert.deepEqual((await store.read(wanted({}))).contents, []);
  });

  check('contents are part of their group: all of it or nothing', async ({ store, reopen }) => {
    const broken = { blocks: [block(shop, [eventLine(1, 1)])] };
    await store.commit(writeSet({ ...broken, contents: [row('variables', '[]')] }));
    // Says again what is stored already.
    await assert.rejects(
      store.commit(
        writeSet({ ...broken, contents: [row('variables', '[["a",1]]'), row('variableKinds', '[]')] }),
      ),
    );
    assert.deepEqual(await contentsOf(store, shop), [row('variables', '[]')]);
    assert.deepEqual(await contentsOf(await reopen(), shop), [row('variables', '[]')]);
  });
}
