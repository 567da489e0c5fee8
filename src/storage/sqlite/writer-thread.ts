import type { ProjectId } from '../../core/ids.ts';
import type { ProjectChange, ProjectsChanged, StoredKey } from '../../engine/project-store.ts';
import type { DayOfLookups, ErasureReceipt, Sealing } from '../../engine/store.ts';
import { type CatalogWork, type CatalogWorkResult, prepareCatalogWork } from './catalogs/change.ts';
import { changeProjects, readKeys } from './change-projects.ts';
import { prepareCommit } from './commit-changes.ts';
import { readErasures } from './erasures.ts';
import { isFull } from './full.ts';
import { prepareExpire } from './idempotency.ts';
import { prepareAddLookups } from './lookups.ts';
import { type PackedWriteSet, unpackWriteSet } from './message.ts';
import { openWriter } from './open.ts';
import { preparePrune, prepareSeal } from './seal-blocks.ts';
import { serveThread } from './thread.ts';

export type WriterRequest =
  /** `since` is the number of refusals the sender has seen: a group sent before it knew is refused as well. */
  | { readonly do: 'commit'; readonly group: PackedWriteSet; readonly since: number }
  | { readonly do: 'probe'; readonly nowMs: number }
  | { readonly do: 'checkpoint' }
  | { readonly do: 'expire'; readonly beforeMs: number }
  | { readonly do: 'lookups'; readonly days: readonly DayOfLookups[] }
  | { readonly do: 'seal'; readonly sealing: Sealing }
  | { readonly do: 'prune' }
  | { readonly do: 'projects'; readonly change: ProjectChange; readonly nowMs: number }
  | { readonly do: 'keys'; readonly project: ProjectId }
  | { readonly do: 'erasures'; readonly max: number }
  | { readonly do: 'catalogs'; readonly work: CatalogWork };

/** About how many bytes the WAL grew by; for `prune`, the bytes of the blocks removed. */
export type WriterResult =
  | number
  | ProjectsChanged
  | readonly StoredKey[]
  | readonly ErasureReceipt[]
  | CatalogWorkResult;

/** The one writer. */
serveThread<WriterRequest, { file: string }>(({ file }) => {
  const database = openWriter(file);
  const commit = prepareCommit(database);
  const expire = prepareExpire(database);
  const addLookups = prepareAddLookups(database);
  const seal = prepareSeal(database);
  const prune = preparePrune(database);
  const workOnCatalogs = prepareCatalogWork(database);
  const probe = database.prepare(
    'INSERT INTO probe (id, at_ms) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms',
  );
  let refusals = 0;
  let lastRefusal: unknown;

  const commitOnce = (group: PackedWriteSet, since: number): number => {
    if (since < refusals) throw lastRefusal;
    try {
      return commit(unpackWriteSet(group));
    } catch (error) {
      if (isFull((error as { errcode?: number }).errcode)) {
        refusals += 1;
        lastRefusal = error;
      }
      throw error;
    }
  };

  return (request): WriterResult => {
    switch (request.do) {
      case 'commit':
        return commitOnce(request.group, request.since);
      case 'probe':
        probe.run(request.nowMs);
        return 0;
      case 'checkpoint':
        database.exec('PRAGMA wal_checkpoint(PASSIVE)');
        return 0;
      case 'expire':
        expire(request.beforeMs);
        return 0;
      case 'lookups':
        addLookups(request.days);
        return 0;
      case 'seal':
        seal(request.sealing);
        return 0;
      case 'prune':
        return prune();
      case 'projects':
        return changeProjects(database, request.change, request.nowMs);
      case 'keys':
        return readKeys(database, request.project);
      case 'erasures':
        return readErasures(database, request.max);
      case 'catalogs':
        return workOnCatalogs(request.work);
    }
  };
});
