import { type PackedFound, type PackedWanted, packFound, unpackWanted } from './message.ts';
import { openReader } from './open.ts';
import { prepareRecordHashes, type RecordHashes } from './read-records.ts';
import { prepareRead } from './read-states.ts';
import { serveThread } from './thread.ts';

export type ReaderRequest =
  | { readonly do: 'read'; readonly wanted: PackedWanted }
  | { readonly do: 'hash'; readonly after: string };

export type ReaderResult = PackedFound | RecordHashes;

/** Reads states ahead of their turn. */
serveThread<ReaderRequest, { file: string }>(({ file }) => {
  const database = openReader(file);
  const read = prepareRead(database);
  const hash = prepareRecordHashes(database);
  return (request): ReaderResult =>
    request.do === 'read' ? packFound(read(unpackWanted(request.wanted))) : hash(request.after);
});
