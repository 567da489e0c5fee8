/** Limits of the history worker. */
import { bytesPerReadMax, linesPerReadMax } from '../../engine/store.ts';

/** Threads that one statement runs on, where there are as many processors. */
export const threadsMax = 2;
/** How far they stand behind the threads that serve requests (see `lowerPoolPriority`). */
export const niceness = 10;
/** What DuckDB may take; beyond it, it writes to the folder for temporary files. */
export const memoryLimit = '512MB';
/** Of temporary files; a sort of the largest merge needs about this much. */
export const temporaryLimit = '4GB';
/** Bytes of lines in memory, as text, after which they are sealed; how many lines is a setting. */
export const sealBytes = 64 * 1024 * 1024;
/**
 * Bytes of all lines that are found without DuckDB: a table that fills, the one being sealed, and what both may have too
 * much. While nothing can be sealed tables go on growing, and lines beyond this are DuckDB's work, which spills them.
 */
export const recentBytesMax = 3 * sealBytes;
/** What a busy server may leave in blocks, and for how long. */
export const waitingLinesMax = 300_000;
export const waitingMsMax = 30_000;
/** Lines are sealed at this age, however few they are. */
export const sealAgeMs = 60 * 60 * 1000;
/** How long an erasure waits for others, so that a file is written again once for many; until then it is only hidden. */
export const eraseAfterMs = 60 * 60 * 1000;
/** After a failure (no room, mostly) the next attempt waits this long. */
export const retryAfterMs = 10_000;
/** Blocks read in one go, and the length of their text: no read transaction may live long. */
export const blocksPerRead = 50;
export const textPerRead = 8 * 1024 * 1024;
/** Profiles read in one go for SQL; DuckDB takes at most 2,048. */
export const profilesPerRead = 500;
/** Rows of a file that are found and unpacked together: a read of one profile unpacks one such group. */
export const rowGroupRows = 40_960;
/** Files of one project and day after which they are merged; when the day is over, two are enough. */
export const mergeFiles = 8;
/** A file this large is not merged any more. */
export const mergedRowsMax = 2_000_000;
/** Lines of one profile in memory that are looked through one by one; more of them are DuckDB's work. */
export const recentLinesMax = 1_000;
/** Bytes of a line that comes along when lines are sorted; the texts of longer ones are read when they are on the page. */
export const shortLineBytes = bytesPerReadMax / linesPerReadMax;
/** Files that one read of a profile opens together, doubled as long as it has not found enough. */
export const filesPerStep = 2;
/** Statements of reads of profiles that run at the same time; others wait. */
export const readsMax = 2;
/** Bounds of one `query`. */
export const queryRowsMax = 100_000;
export const queryBytesMax = 32 * 1024 * 1024;
export const queryTimeMs = 30_000;
