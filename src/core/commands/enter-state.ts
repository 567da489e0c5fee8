import type { Change } from '../change.ts';
import type { EnterState } from '../command.ts';
import { profileSizeMax } from '../limits.ts';
import { applied, appliedOffline, type Outcome, profileFull, statesFull } from '../outcome.ts';
import { deviceOf, leaveState, phaseOf, sessionOf } from '../session.ts';
import { sessionSteps } from '../session-table.ts';

/**
 * Enters a state: one is current at a time in a session, so the one before ends (Leanplum contract 3.3). Without an
 * active session it is recorded as it is, outside of any (contract 3.2).
 */
export function enterState(change: Change, command: EnterState): Outcome {
  const { profile } = change;
  const { name, info, params } = command;
  if (profile.size > profileSizeMax && !profile.states.has(name)) return profileFull;
  const device = deviceOf(profile, command.ids);
  const found = sessionOf(profile, device);
  const session = sessionSteps[phaseOf(found)].enter_state === 'enter_state' ? found : undefined;
  if (session !== undefined && session.states >= (command.sessionMax ?? Number.POSITIVE_INFINITY))
    return statesFull;
  const happenedMs = change.happenedMs(command.timeSec);
  const atMs = session === undefined ? happenedMs : Math.max(happenedMs, session.lastActiveMs);
  if (session !== undefined) leaveState(change, session, atMs);
  change.say({
    kind: 'state_entered',
    session: session?.id ?? null,
    timeSec: atMs / 1000,
    name,
    info,
    params,
    device,
  });
  return session === undefined ? appliedOffline : applied;
}
