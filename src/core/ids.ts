/**
 * Ids inside Rapport. Everything that needs an internal id is named by the line that made it, so one counter serves
 * all of them: a profile is the id of its `created` line, an identity the id of its `identity_attached` line, a
 * session the id of its `session_opened` line, a visit of a state the id of its `state_entered` line.
 */
type Brand<Name extends string> = number & { readonly brand: Name };

export type ProjectId = Brand<'project'>;
export type EventId = Brand<'event'>;
export type ProfileId = Brand<'profile'>;
export type IdentityId = Brand<'identity'>;
export type SessionId = Brand<'session'>;
export type StateId = Brand<'state'>;

/** An event id is `stream × 2^45 + number`: 256 streams (writing processes), 35 × 10^12 lines each, below 2^53. */
export const eventsPerStream = 2 ** 45;
/** The one stream of the embedded store; a process of a cluster gets its own. */
export const embeddedStream = 1;
/** The id before the first line of the embedded stream. */
export const firstEventId = (embeddedStream * eventsPerStream) as EventId;
