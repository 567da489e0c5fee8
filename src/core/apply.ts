import { unreachable } from '../lib/assert.ts';
import { type AttachedIdentity, Change, type Context } from './change.ts';
import type { Command } from './command.ts';
import { openSession } from './commands/open-session.ts';
import { setAttributes } from './commands/set-attributes.ts';
import { track } from './commands/track.ts';
import { chooseTarget, type NamedIdentity } from './identity.ts';
import { profileSizeMax } from './limits.ts';
import type { Line } from './line.ts';
import { type Outcome, profileFull, userNotFound } from './outcome.ts';
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
}

/**
 * Applies one command to the profile it means: the heart of Rapport. Synchronous, and a function of its arguments
 * alone. `found[i]` is the profile that `command.ids[i]` names now; of a command that names a profile, that one.
 *
 * Profiles are changed in place, by the lines that come back and by nothing else (see `evolve`): whoever calls this
 * owns them, and forgets them when the lines cannot be stored.
 */
export function apply(found: readonly (Profile | undefined)[], command: Command, context: Context): Applied {
  if (command.kind === 'read_profile' && command.profile !== undefined) return read(found[0]);
  const { profile, attach } = chooseTarget(command.ids, found);
  if (command.kind === 'read_profile') return read(profile);
  if (profile === undefined && !command.create) return unchanged(userNotFound);

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
  else passTime(change);
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

type WritingCommand = Exclude<Command, { kind: 'read_profile' }>;

function decide(change: Change, command: WritingCommand): Outcome {
  switch (command.kind) {
    case 'track':
      return track(change, command);
    case 'set_attributes':
      return setAttributes(change, command);
    case 'open_session':
      return openSession(change, command);
    default:
      return unreachable(command);
  }
}

/** A read changes nothing, not even a session that has timed out. */
function read(profile: Profile | undefined): Applied {
  if (profile === undefined) return unchanged(userNotFound);
  return unchanged({ code: 'profile', profile: copyProfile(profile) });
}

function unchanged(outcome: Outcome): Applied {
  return { outcome, profile: undefined, attached: [], detached: [], lines: [] };
}

function done(change: Change, outcome: Outcome): Applied {
  const { profile, attached, detached, lines } = change;
  return { outcome, profile, attached, detached, lines };
}
