import type { EventId, ProfileId, ProjectId, SessionId } from './ids.ts';

/** What every line says. A line holds internal ids only: external ids live in the identities (design D5, D15). */
export interface LineBase {
  readonly id: EventId;
  readonly project: ProjectId;
  readonly profile: ProfileId;
  /** Server time in milliseconds at which it was applied. */
  readonly atMs: number;
  /** When it happened, Unix seconds, unrounded as the client gave it. */
  readonly timeSec: number;
  /** The open session in which it happened, if any: such a line is activity of that session, unless it is passive. */
  readonly session: SessionId | null;
}
