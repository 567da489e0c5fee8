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

/** States that batches lack, or the timers that are due. */
export type ReaderRequest = PackedWanted | { readonly beforeMs: number; readonly max: number };

export type ReaderResult = PackedFound | PackedTimers;

/** Reads states ahead of their turn, and timers. */
serveThread<ReaderRequest, { file: string }>(({ file }) => {
  const database = openReader(file);
  const read = prepareRead(database);
  const dueTimers = prepareDueTimers(database);
  return (request): ReaderResult =>
    typeof request === 'string'
      ? packFound(read(unpackWanted(request)))
      : packTimers(dueTimers(request.beforeMs, request.max));
});
