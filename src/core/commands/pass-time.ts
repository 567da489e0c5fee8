import type { Change } from '../change.ts';
import type { PassTime } from '../command.ts';
import { applied, type Outcome } from '../outcome.ts';

/**
 * A timer is due (design D3). Time has passed before, as for every command, so what has timed out has ended and with it
 * the timer. When nothing has, because there was activity since it was set, the next one is set.
 */
export function passDueTime(change: Change, { dueMs }: PassTime): Outcome {
  if (change.profile.timerMs === dueMs) {
    change.say({ kind: 'time_passed', session: null, timeSec: change.nowSec });
  }
  return applied;
}
