import { totalmem } from 'node:os';

/** Limits of the ordered path. They bound memory and waiting; none of them is a wire limit. */

/** Batches waiting for their turn; more are refused at once. */
export const queuedBatchesMax = 10_000;
/** Bytes of request bodies waiting or being applied. */
export const queuedBytesMax = 256 * 1024 * 1024;
/** Batches waiting that name the same user; one more of his is refused. */
export const userQueueMax = 500;
/** A batch that has waited this long for its turn is refused: its client, an SDK's time-out, has given up by then. */
export const waitMaxMs = 10_000;
/** How often the batches that wait are looked at for that. */
export const waitCheckMs = 500;
/** A group is closed when it has this many items: larger ones only add waiting (measured: no gain from 1,000 up). */
export const groupItemsMax = 2_000;
/** A group this large goes to the store although another is being written, so that the store is never idle. */
export const groupItemsEarly = 500;
/** Groups handed to the store and not yet on disk. */
export const groupsInFlightMax = 2;
/** Approximate bytes of documents and lines after which a group is closed. */
export const groupBytesMax = 64 * 1024 * 1024;
/** Bytes of one block's text, which has to fit into one string with room to spare. */
export const blockBytesMax = 16 * 1024 * 1024;
/** Lines in one block: one commit of one project is split above this. */
export const blockLinesMax = 10_000;
/**
 * Approximate bytes of profiles and ids kept in memory; those not yet on disk come on top. A sixteenth of the machine's
 * memory, up to what the garbage collector still handles without being noticed.
 */
export const cacheBytesMax = Math.min(512 * 1024 * 1024, Math.max(64 * 1024 * 1024, totalmem() / 16));
/**
 * Profiles whose rows may be behind before a pass over them begins: as many bytes as one part in so many of what memory
 * may hold; during the pass as many come on top. In memory a profile takes twice its bytes.
 */
export const behindShare = 4;
/** Lines after which a pass begins in any case: a restart folds up to about twice as many, some 200,000 a second. */
export const behindLinesMax = 250_000;
/** Bytes of rows that one group writes beside those it must. */
export const rowsBytesMax = 8 * 1024 * 1024;
/** How long a repeat is recognised (Leanplum contract 1.11). */
export const idempotencyWindowMs = 7 * 24 * 60 * 60 * 1000;
/** Bits of what is known of idempotency records without asking the store (16 MB): room for some 13 million at 1 %. */
export const recordFilterBits = 2 ** 27;
/** Seconds after which a refused caller should try again. */
export const retryAfterSec = 2;
/** Due timers let in at a time: after a downtime there may be a million, and nobody else is to wait for them. */
export const dueTimersMax = 200;
/** How often due timers are looked for. */
export const timersEveryMs = 1_000;
