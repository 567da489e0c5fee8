import { prepareRecordHashes, type RecordHashes } from './idempotency.ts';
import {
  type PackedFound,
  type PackedTimers,
  type PackedWanted,
  packFound,
  packTimers,
  unpackWanted,
} from './message.ts';
import { openReader } from './open.ts';
import { prepareRead } from './read-states.ts';
import { prepareDueTimers } from './read-timers.ts';
import { serveThread } from './thread.ts';

export type ReaderRequest =
  | { readonly do: 'read'; readonly wanted: PackedWanted }
  | { readonly do: 'hash'; readonly after: string }
  | { readonly do: 'timers'; readonly beforeMs: number; readonly max: number };

export type ReaderResult = PackedFound | RecordHashes | PackedTimers;

/** Reads states ahead of their turn, and timers that are due. */
serveThread<ReaderRequest, { file: string }>(({ file }) => {
  const database = openReader(file);
  const read = prepareRead(database);
  const hash = prepareRecordHashes(database);
  const dueTimers = prepareDueTimers(database);
  return (request): ReaderResult => {
    switch (request.do) {
      case 'read':
        return packFound(read(unpackWanted(request.wanted)));
      case 'hash':
        return hash(request.after);
      case 'timers':
        return packTimers(dueTimers(request.beforeMs, request.max));
    }
  };
});
