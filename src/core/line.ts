import { assert } from '../lib/assert.ts';
import type { Json, JsonObject } from '../lib/json.ts';
import type { EventId, IdentityId, ProfileId, ProjectId, SessionId } from './ids.ts';
import type { IdentityKind } from './profile.ts';

/** Version of the line schema. A stored line is never rewritten: a change here is a new version beside the old. */
export const lineVersion = 1;

/** What every line says. A line holds internal ids only: external ids live in the identities (design D5, D15). */
interface LineBase {
  readonly id: EventId;
  readonly project: ProjectId;
  readonly profile: ProfileId;
  /** Server time in milliseconds at which it was applied. */
  readonly atMs: number;
  /** When it happened, Unix seconds, unrounded as the client gave it. */
  readonly timeSec: number;
  /** The open session in which it happened, if any: such a line is activity of that session. */
  readonly session: SessionId | null;
}

export interface CreatedLine extends LineBase {
  readonly kind: 'created';
}

/** The profile got an external id; the line's own id is the identity's internal id from then on. */
export interface IdentityAttachedLine extends LineBase {
  readonly kind: 'identity_attached';
  readonly name: IdentityKind;
}

/** The profile lost an external id: a soft id that was not used for longer than the newest ones. */
export interface IdentityDetachedLine extends LineBase {
  readonly kind: 'identity_detached';
  readonly name: IdentityKind;
  readonly identity: IdentityId;
}

/** A soft id was used and is now the newest of its kind. */
export interface IdentityUsedLine extends LineBase {
  readonly kind: 'identity_used';
  readonly name: IdentityKind;
  readonly identity: IdentityId;
}

/** The line's own id is the session's id from then on. */
export interface SessionOpenedLine extends LineBase {
  readonly kind: 'session_opened';
  readonly device: IdentityId | null;
}

/** `session` has ended at `timeSec`, its last activity. */
export interface SessionEndedLine extends LineBase {
  readonly kind: 'session_ended';
}

/** Attributes set (value) or cleared (null), all at `timeSec`. */
export interface AttributesLine extends LineBase {
  readonly kind: 'attributes';
  readonly params: JsonObject;
}

/** A tracked event. */
export interface EventLine extends LineBase {
  readonly kind: 'event';
  readonly name: string;
  readonly value: number | null;
  readonly info: string | null;
  readonly params: JsonObject;
  readonly device: IdentityId | null;
  /** True when a client gave `timeSec`, so that an exact repeat can be recognised (design D7). */
  readonly stamped: boolean;
}

/** An event as stored: every change of state is a line, and a profile is the fold of its lines. */
export type Line =
  | CreatedLine
  | IdentityAttachedLine
  | IdentityDetachedLine
  | IdentityUsedLine
  | SessionOpenedLine
  | SessionEndedLine
  | AttributesLine
  | EventLine;

/**
 * A line as JSON text. Written by hand because it runs for every item: a third faster than JSON.stringify of the
 * object. Members that are null, false or empty are left out.
 */
export function writeLine(line: Line): string {
  let text = `{"v":1,"id":${line.id},"project":${line.project},"profile":${line.profile},"at":${line.atMs},"time":${line.timeSec},"kind":"${line.kind}"`;
  if (line.session !== null) text += `,"session":${line.session}`;
  switch (line.kind) {
    case 'event':
      text += `,"name":${JSON.stringify(line.name)}`;
      if (line.device !== null) text += `,"device":${line.device}`;
      if (line.stamped) text += ',"stamped":true';
      if (line.value !== null) text += `,"value":${line.value}`;
      if (line.info !== null) text += `,"info":${JSON.stringify(line.info)}`;
      return `${text},"params":${JSON.stringify(line.params)}}`;
    case 'attributes':
      return `${text},"params":${JSON.stringify(line.params)}}`;
    case 'identity_attached':
      return `${text},"name":"${line.name}"}`;
    case 'identity_detached':
    case 'identity_used':
      return `${text},"name":"${line.name}","identity":${line.identity}}`;
    case 'session_opened':
      return line.device === null ? `${text}}` : `${text},"device":${line.device}}`;
    case 'created':
    case 'session_ended':
      return `${text}}`;
  }
}

/** Reads what `writeLine` wrote; throws when it is something else. */
export function readLine(text: string): Line {
  return toLine(JSON.parse(text) as StoredLine);
}

/** The line that a stored object says; throws when it is of another version. */
export function toLine(stored: StoredLine): Line {
  assert(stored.v === lineVersion, `line of version ${stored.v}`);
  const base = {
    id: stored.id as EventId,
    project: stored.project as ProjectId,
    profile: stored.profile as ProfileId,
    atMs: stored.at,
    timeSec: stored.time,
    session: (stored.session ?? null) as SessionId | null,
  };
  const device = (stored.device ?? null) as IdentityId | null;
  switch (stored.kind) {
    case 'event':
      return {
        ...base,
        kind: 'event',
        name: stored.name as string,
        value: stored.value ?? null,
        info: stored.info ?? null,
        params: stored.params as JsonObject,
        device,
        stamped: stored.stamped ?? false,
      };
    case 'attributes':
      return { ...base, kind: 'attributes', params: stored.params as JsonObject };
    case 'identity_attached':
      return { ...base, kind: 'identity_attached', name: stored.name as IdentityKind };
    case 'identity_detached':
    case 'identity_used': {
      const identity = stored.identity as IdentityId;
      return { ...base, kind: stored.kind, name: stored.name as IdentityKind, identity };
    }
    case 'session_opened':
      return { ...base, kind: 'session_opened', device };
    case 'created':
    case 'session_ended':
      return { ...base, kind: stored.kind };
  }
}

/** A line as the object that its text parses to. */
export interface StoredLine {
  readonly v: number;
  readonly id: number;
  readonly project: number;
  readonly profile: number;
  readonly at: number;
  readonly time: number;
  readonly kind: Line['kind'];
  readonly session?: number;
  readonly device?: number;
  readonly identity?: number;
  readonly name?: string;
  readonly value?: number;
  readonly info?: string;
  readonly stamped?: boolean;
  readonly params?: { readonly [name: string]: Json };
}
