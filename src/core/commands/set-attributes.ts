import { type Json, weighJson } from '../../lib/json.ts';
import type { Change } from '../change.ts';
import type { SetAttributes } from '../command.ts';
import { profileSizeMax } from '../limits.ts';
import { applied, type Outcome, profileFull } from '../outcome.ts';
import type { Profile } from '../profile.ts';
import { changedIn } from '../session.ts';

/**
 * Sets and clears attributes. With `keepNewer` an attribute set later than this stays (equal times: the later arrival
 * wins; Bloomreach contract 2.2); a client's time counts at most as now, so that a fast clock cannot win for ever.
 */
export function setAttributes(change: Change, command: SetAttributes): Outcome {
  const { profile } = change;
  const timeSec = Math.min(command.timeSec ?? change.nowSec, change.nowSec);
  const winning = command.keepNewer
    ? command.attributes.filter(([name]) => timeSec >= (profile.attributes.get(name)?.[2] ?? timeSec))
    : command.attributes;
  if (winning.length === 0) return applied;
  const more = growth(profile, winning);
  if (more > 0 && profile.size + more > profileSizeMax) return profileFull;
  change.say({
    kind: 'attributes',
    params: Object.fromEntries(winning),
    timeSec,
    session: changedIn(profile, command.ids),
  });
  return applied;
}

function growth(profile: Profile, attributes: readonly (readonly [string, Json])[]): number {
  let total = 0;
  for (const [name, value] of attributes) {
    const old = profile.attributes.get(name);
    total += weighJson(value) - (old === undefined ? -name.length - 24 : weighJson(old[1]));
  }
  return total;
}
