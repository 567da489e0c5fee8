import type { Wanted } from '../../engine/store.ts';
import { openReader } from './open.ts';
import { prepareRead } from './read-states.ts';
import { serveThread } from './thread.ts';

/** Reads states ahead of their turn. */
serveThread<Wanted, { file: string }>(({ file }) => prepareRead(openReader(file)));
