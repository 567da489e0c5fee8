import type { Change } from './change.ts';
import type { Merging } from './command.ts';
import type { IdentityId, ProfileId } from './ids.ts';
import { openSessionsMax, profileSizeMax } from './limits.ts';
import { findIdentity, type Profile, type Session } from './profile.ts';
import { endSession, passTime } from './session.ts';

/**
 * Brings other profiles into the one of `change`; false: it would become too large, and nothing is merged. With
 * `oldest` the event `merge` is tracked on the result (Bloomreach contract 2.6, rule 5).
 */
export function mergeAll(
  change: Change,
  others: readonly Profile[],
  { merge, happenedMs }: { merge: Merging | undefined; happenedMs: number },
): boolean {
  const size = others.reduce((sum, it) => sum + it.size, change.profile.size);
  if (size > profileSizeMax) return false;
  for (const other of others) {
    const part = change.beside(other);
    passTime(part, happenedMs);
    endExtraSessions(change, part);
    change.merge(part, sameIdentities(change.profile, other));
  }
  if (merge === 'oldest') {
    const sources = others.map((it) => it.id);
    change.say(mergeEvent(change, sources));
  }
  return true;
}

/** Internal ids: a line never holds an external one. */
function mergeEvent(change: Change, sources: readonly ProfileId[]) {
  return {
    kind: 'event',
    name: 'merge',
    value: null,
    info: null,
    params: { source_ids: sources, destination_ids: [change.profile.id] },
    timeSec: change.nowSec,
    stamped: false,
    device: null,
    state: null,
    passive: true,
    session: null,
  } as const;
}

/** Devices that both have had: pairs of the other's internal id and the profile's own. */
function sameIdentities(profile: Profile, other: Profile): [IdentityId, IdentityId][] {
  const pairs: [IdentityId, IdentityId][] = [];
  for (const { id, kind, value } of other.identities) {
    const own = findIdentity(profile, kind, value);
    if (own !== undefined) pairs.push([id, own.id]);
  }
  return pairs;
}

/** One session a device, and not too many in all: of what is too much the least recently active ends. */
function endExtraSessions(change: Change, part: Change): void {
  if (part.profile.sessions.length === 0) return;
  const same = new Map(sameIdentities(change.profile, part.profile));
  for (const session of [...part.profile.sessions]) {
    const device = session.device === null ? null : (same.get(session.device) ?? session.device);
    const own = change.profile.sessions.find((it) => it.device === device);
    if (own === undefined) continue;
    if (own.lastActiveMs > session.lastActiveMs) endSession(part, session, session.lastActiveMs);
    else endSession(change, own, own.lastActiveMs);
  }
  const open = [change, part].flatMap((it) =>
    it.profile.sessions.map((session): [Change, Session] => [it, session]),
  );
  open.sort(([, a], [, b]) => a.lastActiveMs - b.lastActiveMs);
  for (const [of, session] of open.slice(0, Math.max(0, open.length - openSessionsMax))) {
    endSession(of, session, session.lastActiveMs);
  }
}
