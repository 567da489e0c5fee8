import { unreachable } from '../lib/assert.ts';
import { type AttachedIdentity, Change, type Context } from './change.ts';
import { type Command, isRead } from './command.ts';
import { enterState } from './commands/enter-state.ts';
import { openSession } from './commands/open-session.ts';
import { passDueTime } from './commands/pass-time.ts';
import { setAttributes } from './commands/set-attributes.ts';
import { steerSession } from './commands/steer-session.ts';
import { track } from './commands/track.ts';
import { updateProfile } from './commands/update-profile.ts';
import { chooseTarget, type NamedIdentity } from './identity.ts';
import { profileSizeMax } from './limits.ts';
import type { Line } from './line.ts';
import { applied, noSession, type Outcome, profileFull, userNotFound } from './outcome.ts';
import type { Identity, Profile } from './profile.ts';
import { copyProfile } from './profile-document.ts';
import { passTime } from './session.ts';
import { makeRoomForCookie, useCookies } from './soft-ids.ts';

export interface Applied {
  readonly outcome: Outcome;
  /** The profile that changed, if one did. */
  readonly profile: Profile | undefined;
  readonly attached: readonly AttachedIdentity[];
  readonly detached: readonly Identity[];
  /** Everything that happened, in order; empty: nothing changed. */
  readonly lines: readonly Line[];
  /** When the profile's timer is due now, if the command has set it (design D3). */
  readonly timerMs: number | undefined;
}

/**
 * Applies one command to the profile it means: the heart of Rapport. Synchronous, and a function of its arguments
 * alone. `found[i]` is the profile that `command.ids[i]` names now; of a command that names a profile, that one.
 *
 * Profiles are changed in place, by the lines that come back and by nothing else (see `evolve`): whoever calls this
 * owns them, and forgets them when the lines cannot be stored.
 */
export function apply(found: readonly (Profile | undefined)[], command: Command, context: Context): Applied {
  const { profile, attach } =
    'profile' in command ? { profile: found[0], attach: [] } : chooseTarget(command.ids, found);
  if (isRead(command)) return read(profile, command);
  if (profile === undefined && !command.create) return unchanged(userNotFound);
  // Nobody is created for an event that needs the session of somebody who is there.
  if (profile === undefined && command.kind === 'track' && command.disposition === 'require_active') {
    return unchanged(noSession);
  }

  const change = new Change(context, profile);
  try {
    return done(change, carryOut(change, command, { isNew: profile === undefined, attach }));
  } catch (error) {
    // Every line said so far is applied and comes back, so the state stays the fold of its lines.
    return done(change, { code: 'failed', error });
  }
}

/** The steps of every command: the profile exists, time passes for it, it has its ids, the rule decides. */
function carryOut(
  change: Change,
  command: WritingCommand,
  { isNew, attach }: { isNew: boolean; attach: readonly NamedIdentity[] },
): Outcome {
  if (isNew) change.create();
  else passTime(change, command.kind === 'pass_time' ? change.nowMs : change.happenedMs(command.timeSec));
  useCookies(change, command.ids);
  if (attach.length > 0) {
    if (change.profile.size > profileSizeMax) return profileFull;
    for (const id of attach) {
      if (id.kind === 'cookie') makeRoomForCookie(change);
      change.attach(id.kind, id.value);
    }
  }
  return decide(change, command);
}

type ReadingCommand = Extract<Command, { kind: 'read_profile' | 'find_user' }>;
type WritingCommand = Exclude<Command, { kind: 'read_profile' | 'find_user' }>;

function decide(change: Change, command: WritingCommand): Outcome {
  switch (command.kind) {
    case 'track':
      return track(change, command);
    case 'set_attributes':
      return setAttributes(change, command);
    case 'update_profile':
      return updateProfile(change, command);
    case 'open_session':
      return openSession(change, command);
    case 'steer_session':
      return steerSession(change, command);
    case 'enter_state':
      return enterState(change, command);
    case 'pass_time':
      return passDueTime(change, command);
    default:
      return unreachable(command);
  }
}

/** A read changes nothing, not even a session that has timed out. */
function read(profile: Profile | undefined, { kind }: ReadingCommand): Applied {
  if (profile === undefined) return unchanged(userNotFound);
  return unchanged(kind === 'find_user' ? applied : { code: 'profile', profile: copyProfile(profile) });
}

function unchanged(outcome: Outcome): Applied {
  return { outcome, profile: undefined, attached: [], detached: [], lines: [], timerMs: undefined };
}

function done(change: Change, outcome: Outcome): Applied {
  const { profile, attached, detached, lines } = change;
  const timerMs = profile.timerMs === change.timerBeforeMs ? undefined : (profile.timerMs ?? undefined);
  return { outcome, profile, attached, detached, lines, timerMs };
}
