/** Limits of the admin API. */

/** Characters of a project's name. */
export const nameMax = 256;
/** Characters of an app id, a project token, an external id. */
export const idMax = 1_024;
/** How long the secret before a rotation goes on (Bloomreach contract 1.2). */
export const secretOverlapMs = 24 * 60 * 60 * 1000;
/** Lines of a profile's history shown at most, and when nothing is said. */
export const historyMax = 1_000;
export const historyDefault = 50;
/** Days of look-ups shown at most, and when nothing is said. */
export const lookupDaysMax = 3_660;
export const lookupDaysDefault = 30;
/** Characters of an SQL statement. */
export const sqlMax = 100_000;
/** Characters of a path. */
export const pathMax = 4_096;
/** Bytes of a request's body. */
export const bodyBytesMax = 1024 * 1024;
/** Bytes of a request counted towards the engine's queue. */
export const readBytes = 256;
/**
 * Bytes of a Unix socket's path on every system we run on (macOS 103, Linux 107). A longer one is reached by a link.
 */
export const socketPathBytesMax = 103;
/** Receipts of erasures in one answer. */
export const erasuresDefault = 50;
export const erasuresMax = 1_000;
