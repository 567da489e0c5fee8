import { unreachable } from '../lib/assert.ts';
import { Change, type Context, type Erasure, type Naming, type SetTimer } from './change.ts';
import { type Command, isRead } from './command.ts';
import { enterState } from './commands/enter-state.ts';
import { anonymizeUser, blockUser, eraseUser, unblockUser } from './commands/erase-user.ts';
import { openSession } from './commands/open-session.ts';
import { passDueTime } from './commands/pass-time.ts';
import { setAttributes } from './commands/set-attributes.ts';
import { steerSession, takeStep } from './commands/steer-session.ts';
import { track } from './commands/track.ts';
import { updateProfile } from './commands/update-profile.ts';
import { type NewNames, noNames } from './content/names.ts';
import { type Screening, screen, unscreened } from './content/screen.ts';
import { leaveUser, takeOver } from './devices.ts';
import { chooseTarget, type Target } from './identity.ts';
import { profileSizeMax } from './limits.ts';
import type { Line } from './line.ts';
import { mergeAll } from './merge.ts';
import { applied, blocked, noSession, type Outcome, profileFull, userNotFound } from './outcome.ts';
import { isKeptByUse, type Profile } from './profile.ts';
import { copyProfile } from './profile-document.ts';
import { deviceOf, passTime } from './session.ts';
import { dropTooMany, makeRoom, useSoftIds } from './soft-ids.ts';

export interface Applied {
  readonly outcome: Outcome;
  /** The profile that was meant, if the command may have changed it. */
  readonly profile: Profile | undefined;
  /** Other profiles that changed. */
  readonly others: readonly Profile[];
  /** Profiles that nobody is any more: part of another one from now on, or erased. */
  readonly gone: readonly Profile[];
  /** Ids that name somebody else than before, in order. */
  readonly namings: readonly Naming[];
  /** Everything that happened, in order; empty: nothing changed. */
  readonly lines: readonly Line[];
  /** What is not part of the history any more. */
  readonly erasures: readonly Erasure[];
  /** Timers that the command has set (design D3). */
  readonly timers: readonly SetTimer[];
  /** Names that are used for the first time. */
  readonly names: NewNames;
}

/**
 * Applies one command to the profiles it means: the heart of Rapport. Synchronous, and a function of its arguments
 * alone. `found[i]` is the profile that `command.ids[i]` names now; of a command that names a profile, that one.
 *
 * Profiles are changed in place, by the lines that come back and by nothing else (see `evolve`): whoever calls this
 * owns them, and forgets them when the lines cannot be stored.
 */
export function apply(found: readonly (Profile | undefined)[], command: Command, context: Context): Applied {
  const target =
    'profile' in command ? { ...nobody, profile: found[0] } : chooseTarget(command.ids, found, command.merge);
  const { profile } = target;
  if (isRead(command)) return read(profile, command);
  if (profile === undefined && !command.create) return unchanged(userNotFound);
  // Nobody is created for an event that needs the session of somebody who is there.
  if (profile === undefined && command.kind === 'track' && command.disposition === 'require_active') {
    return unchanged(noSession);
  }
  if (!reachesBlocked(command) && changesBlocked(target)) return unchanged(blocked);

  const screened = screen(command, context.names);
  if (screened.command === undefined) return unchanged({ code: 'name_skipped', names: screened.skipped });

  const change = new Change(context, profile);
  try {
    return done(change, carryOut(change, screened.command, target), screened);
  } catch (error) {
    // Every line said so far is applied and comes back, so the state stays the fold of its lines.
    return done(change, { code: 'failed', error });
  }
}

const nobody: Target = { profile: undefined, attach: [], absorb: [], take: [], leaves: undefined };

/** The steps of every command: the profile exists, time passes for it, it has its parts and its ids, the rule decides. */
function carryOut(change: Change, command: WritingCommand, target: Target): Outcome {
  const happenedMs = change.happenedMs('timeSec' in command ? command.timeSec : null);
  const { attach, absorb, take, leaves } = target;
  if (target.profile === undefined) change.create();
  else passTime(change, happenedMs);
  if (absorb.length > 0 && !mergeAll(change, absorb, { merge: command.merge, happenedMs }))
    return profileFull;
  useSoftIds(change, command.ids);
  if (absorb.length > 0) dropTooMany(change);
  if (attach.length + take.length > 0 && change.profile.size > profileSizeMax) return profileFull;
  const goesOn = leaves !== undefined && leaveUser(change, leaves, { ids: command.ids, happenedMs });
  takeOver(change, take, happenedMs);
  for (const id of attach) {
    if (isKeptByUse(id.kind)) makeRoom(change, id.kind, 1);
    change.attach(id.kind, id.value);
  }
  if (goesOn) {
    const device = deviceOf(change.profile, command.ids);
    const open = change.profile.sessions.find((it) => it.device === device);
    takeStep(change, open, { action: 'start', device, atMs: happenedMs });
  }
  return decide(change, command);
}

/** Whether somebody would be changed about whom nothing is kept. */
function changesBlocked({ profile, absorb, take, leaves }: Target): boolean {
  if (profile?.blocked || leaves?.blocked) return true;
  return absorb.some((it) => it.blocked) || take.some((it) => it.from.blocked);
}

/** Whether a command is about a user about whom nothing is kept as well. */
function reachesBlocked({ kind }: Command): boolean {
  return kind === 'block_user' || kind === 'unblock_user' || kind === 'erase_user' || kind === 'pass_time';
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
    case 'erase_user':
      return eraseUser(change, command);
    case 'anonymize_user':
      return anonymizeUser(change, command);
    case 'block_user':
      return blockUser(change, command);
    case 'unblock_user':
      return unblockUser(change);
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
  return { ...nothing, outcome };
}

const nothing = {
  profile: undefined,
  others: [],
  gone: [],
  namings: [],
  lines: [],
  erasures: [],
  timers: [],
  names: noNames,
} as const;

function done(change: Change, result: Outcome, { added, skipped }: Screening = unscreened): Applied {
  const { profile, others, gone, namings, lines, erasures, timers } = change;
  const isApplied = result.code === 'applied';
  const outcome = isApplied && skipped.length > 0 ? { ...result, names: skipped } : result;
  const names = isApplied ? added : noNames;
  return { outcome, profile, others, gone, namings, lines, erasures, timers, names };
}
