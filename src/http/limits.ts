/** Limits of the HTTP layer; each route states its own body limit in its dialect. */

/** Bytes of all request bodies being read or worked on; more are answered 503. */
export const bytesInFlightMax = 512 * 1024 * 1024;
/** A request has to be complete within this time, so that slow senders hold nothing for ever. */
export const requestTimeoutMs = 60_000;
/** A connection without a request is closed after this time; longer than common load balancers keep theirs. */
export const keepAliveTimeoutMs = 75_000;
/** Characters of an `Idempotency-Key`. */
export const idempotencyKeyMax = 255;
