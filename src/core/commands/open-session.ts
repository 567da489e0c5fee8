import type { Change } from '../change.ts';
import type { OpenSession } from '../command.ts';
import { applied, type Outcome } from '../outcome.ts';
import { deviceOf, sessionOf } from '../session.ts';
import { setAttributes } from './set-attributes.ts';
import { takeStep } from './steer-session.ts';
import { setFacts } from './update-profile.ts';

/**
 * A second start for the same user and device ends the open session and opens another; a caller that starts before
 * every event (a backend, not an SDK) goes on with the open one (Leanplum contract 2.2 `start`). It has begun also when
 * the profile has no room for what it says of its user.
 */
export function openSession(change: Change, command: OpenSession): Outcome {
  const { continueOpen, background } = command;
  const device = deviceOf(change.profile, command.ids);
  const open = continueOpen
    ? sessionOf(change.profile, device)
    : change.profile.sessions.find((session) => session.device === device);
  const action = `${continueOpen ? 'continue' : 'start'}${background ? '_background' : ''}` as const;
  takeStep(change, open, { action, device, atMs: change.happenedMs(command.timeSec) });
  const full = setFacts(change, command);
  if (command.attributes.length > 0) {
    const set = setAttributes(change, { ...command, kind: 'set_attributes', keepNewer: false });
    if (set.code === 'profile_full') full.push(...command.attributes.map(([name]) => name));
  }
  return full.length === 0 ? applied : { code: 'applied', offline: false, full };
}
