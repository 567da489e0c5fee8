import { type PackedFound, type PackedWanted, packFound, unpackWanted } from './message.ts';
import { openReader } from './open.ts';
import { prepareRead } from './read-states.ts';
import { serveThread } from './thread.ts';

/** Reads states ahead of their turn. */
serveThread<PackedWanted, { file: string }>(({ file }) => {
  const read = prepareRead(openReader(file));
  return (wanted): PackedFound => packFound(read(unpackWanted(wanted)));
});
