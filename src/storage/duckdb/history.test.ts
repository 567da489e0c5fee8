import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstEventId } from '../../core/ids.ts';
import type { WriteSet } from '../../engine/store.ts';
import { historyContract } from '../contract/history.ts';
import { openWriter } from '../sqlite/open.ts';
import { migrate } from '../sqlite/schema.ts';
import { SqliteStore } from '../sqlite/store.ts';
import { DuckHistory } from './history.ts';

const nowMs = 1_700_000_000_000;

/** The embedded store and its history, on a folder of their own. */
async function create({
  sealLines = 1_000_000,
  sealEach = false,
}: {
  sealLines?: number;
  sealEach?: boolean;
} = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'rapport-history-'));
  const file = join(folder, 'rapport.sqlite');
  const database = openWriter(file);
  migrate(database);
  database.close();
  const store = new SqliteStore(file);
  const history = new DuckHistory({
    file,
    folder: join(folder, 'history'),
    sealLines,
    clock: () => nowMs,
    lastEvent: () => store.lastEvent(),
    sealedUpTo: () => store.sealed?.last ?? firstEventId,
    seal: (sealing) => store.seal(sealing),
  });
  return {
    history,
    async append(group: WriteSet) {
      // What rows of profiles may lack stays in blocks.
      const rowsUpTo = sealEach ? group.blocks.at(-1)?.lastEvent : undefined;
      await store.commit({ ...group, rowsUpTo });
      if (!sealEach) return;
      await history.settle();
      await store.prune();
      await history.settle();
    },
    async close() {
      await history.close();
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

historyContract('DuckDB, in memory,', () => create());
historyContract('DuckDB, in files and merged,', () => create({ sealEach: true }));
historyContract('DuckDB, sealed on the way,', () => create({ sealLines: 3 }));
