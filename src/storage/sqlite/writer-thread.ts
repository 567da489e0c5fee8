import { statSync } from 'node:fs';
import { prepareCommit } from './commit-changes.ts';
import { prepareExpire } from './expire-records.ts';
import { isFull } from './full.ts';
import { type PackedWriteSet, unpackWriteSet } from './message.ts';
import { openWriter } from './open.ts';
import { serveThread } from './thread.ts';

export type WriterRequest =
  /** `since` is the number of refusals the sender has seen: a group sent before it knew is refused as well. */
  | { readonly do: 'commit'; readonly group: PackedWriteSet; readonly since: number }
  | { readonly do: 'probe'; readonly nowMs: number }
  | { readonly do: 'checkpoint' }
  | { readonly do: 'expire'; readonly beforeMs: number };

export interface WriterResult {
  readonly walBytes: number;
}

/** The one writer. */
serveThread<WriterRequest, { file: string }>(({ file }) => {
  const database = openWriter(file);
  const commit = prepareCommit(database);
  const expire = prepareExpire(database);
  const probe = database.prepare(
    'INSERT INTO probe (id, at_ms) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms',
  );
  let refusals = 0;
  let lastRefusal: unknown;

  const handle = (request: WriterRequest) => {
    switch (request.do) {
      case 'commit':
        if (request.since < refusals) throw lastRefusal;
        try {
          return commit(unpackWriteSet(request.group));
        } catch (error) {
          if (isFull((error as { errcode?: number }).errcode)) {
            refusals += 1;
            lastRefusal = error;
          }
          throw error;
        }
      case 'probe':
        return probe.run(request.nowMs);
      case 'checkpoint':
        return database.exec('PRAGMA wal_checkpoint(PASSIVE)');
      case 'expire':
        return expire(request.beforeMs);
    }
  };

  return (request): WriterResult => {
    handle(request);
    return { walBytes: statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0 };
  };
});
