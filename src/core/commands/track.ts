import type { Change } from '../change.ts';
import type { Track } from '../command.ts';
import { fingerprint, hasFingerprint } from '../fingerprint.ts';
import { profileSizeMax } from '../limits.ts';
import {
  applied,
  appliedOffline,
  duplicate,
  eventsFull,
  noSession,
  type Outcome,
  profileFull,
} from '../outcome.ts';
import { deviceOf, placeOf, sessionOf } from '../session.ts';

/**
 * Records an event: its line, its lifetime counter, and activity of the session it falls in, unless it is passive. An exact repeat of a
 * client-stamped event is recognised by the profile's ring; an event newer than all before cannot be one (design D7).
 */
export function track(change: Change, command: Track): Outcome {
  const { profile } = change;
  const timeSec = command.timeSec ?? change.nowSec;
  if (command.stamped && timeSec <= profile.newestStampSec) {
    if (hasFingerprint(profile, fingerprint(command.name, timeSec, command.params))) return duplicate;
  }
  const device = deviceOf(profile, command.ids);
  const passive = command.disposition === 'passive';
  const found = sessionOf(profile, device);
  const session = placeOf(found, passive ? 'passive_event' : 'event') === 'outside' ? undefined : found;
  if (session === undefined && command.disposition === 'require_active') return noSession;
  if (session !== undefined && session.events >= (command.sessionMax ?? Number.POSITIVE_INFINITY))
    return eventsFull;
  if (profile.size > profileSizeMax && !profile.counters.has(command.name)) return profileFull;
  change.say({
    kind: 'event',
    name: command.name,
    value: command.value,
    info: command.info,
    params: command.params,
    timeSec,
    stamped: command.stamped,
    device,
    state: session?.state?.id ?? null,
    passive,
    session: session?.id ?? null,
  });
  return session === undefined ? appliedOffline : applied;
}
