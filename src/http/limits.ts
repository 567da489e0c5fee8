/** Limits of the HTTP layer; each route states its own body limit in its dialect. */

/** Bytes of all request bodies being read or worked on; more are answered 503. */
export const bytesInFlightMax = 512 * 1024 * 1024;
/** Bytes of requests under way (see `Admission`): at the start, and between which it adapts. */
export const admittedStart = 512 * 1024;
export const admittedMin = 256 * 1024;
export const admittedMax = 64 * 1024 * 1024;
/**
 * So few requests of so many bytes are let in however slow the answers are: what a back end with 16 connections sends in
 * batches of 500 is work, not a flood, and refusing it would only make it come again.
 */
export const fewRequests = 16;
export const fewRequestsBytes = 4 * 1024 * 1024;
/** What a request costs besides its bytes: about as much as this many more of them. */
export const requestCost = 2 * 1024;
/** A request whose length is not known before it is read counts as this many bytes. */
export const unknownLengthCost = 64 * 1024;
/** Mean milliseconds from request to answer above which less is taken in, and below which more is. */
export const answerSlowMs = 45;
export const answerSoonMs = 25;
/** The mean is taken over this long. */
export const admissionWindowMs = 50;
/** A request has to be complete within this time, so that slow senders hold nothing for ever. */
export const requestTimeoutMs = 60_000;
/** A connection without a request is closed after this time; longer than common load balancers keep theirs. */
export const keepAliveTimeoutMs = 75_000;
/** Client addresses whose requests are counted at a time (see `RateLimit`): about 10 MB. */
export const rateAddressesMax = 100_000;
/** Characters of an `Idempotency-Key`. */
export const idempotencyKeyMax = 255;
