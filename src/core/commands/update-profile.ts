import { weighJson } from '../../lib/json.ts';
import { edit } from '../attribute-edits.ts';
import type { Change } from '../change.ts';
import type { CounterOverride, DeviceFacts, Entries, UpdateProfile } from '../command.ts';
import { addFinite } from '../counter.ts';
import { profileSizeMax } from '../limits.ts';
import type { CounterRow } from '../line.ts';
import { applied, type Outcome, profileFull } from '../outcome.ts';
import { type Attribute, type Counter, findIdentity, type Profile } from '../profile.ts';
import { setAttributes } from './set-attributes.ts';

/** Changes whatever a caller may change of a profile, in the order of Leanplum contract 2.3 `setUserAttributes`. */
export function updateProfile(change: Change, command: UpdateProfile): Outcome {
  const { profile } = change;
  const { entries, skipped } = edit(profile.attributes, command.attributes, command.edits);
  const set = { ids: command.ids, create: command.create, timeSec: command.timeSec, keepNewer: false };
  const outcome = setAttributes(change, { ...set, kind: 'set_attributes', attributes: entries });
  if (outcome.code !== 'applied') return outcome;
  const facts = edit(profile.facts, command.facts, command.factEdits);
  if (!setFacts(change, { facts: facts.entries, devices: command.devices, timeSec: command.timeSec }))
    return profileFull;
  override(change, command);
  const unchanged = [...skipped, ...facts.skipped];
  return unchanged.length === 0 ? applied : { code: 'applied', offline: false, skipped: unchanged };
}

/** Says what is new about the user and his devices; false: the profile is full, and nothing more is said. */
export function setFacts(
  change: Change,
  { facts, devices, timeSec }: { facts: Entries; devices: readonly DeviceFacts[]; timeSec: number | null },
): boolean {
  const { profile } = change;
  const atSec = Math.min(timeSec ?? change.nowSec, change.nowSec);
  const say = (device: DeviceFacts['device'] | null, given: Entries): boolean => {
    const identity = device === null ? undefined : findIdentity(profile, 'device', device);
    // Somebody else's device: his profile is not the one this command is about.
    if (device !== null && identity === undefined) return true;
    const known = identity === undefined ? profile.facts : profile.devices.get(identity.id);
    const news = given.filter(([name, value]) => !isSame(known?.get(name), value));
    if (news.length === 0) return true;
    if (profile.size + weigh(news) > profileSizeMax) return false;
    const params = Object.fromEntries(news);
    change.say({ kind: 'facts', device: identity?.id ?? null, params, timeSec: atSec, session: null });
    return true;
  };
  return say(null, facts) && devices.every((it) => say(it.device, it.facts));
}

function isSame(known: Attribute | undefined, value: Attribute[1]): boolean {
  return known !== undefined && (known[1] === value || JSON.stringify(known[1]) === JSON.stringify(value));
}

function weigh(entries: Entries): number {
  return entries.reduce((sum, [name, value]) => sum + name.length + weighJson(value), 0);
}

function override(change: Change, { counters, totals }: UpdateProfile): void {
  const { profile } = change;
  const events = counters.events.map((it) => rowOf(profile.counters, it, change.nowSec));
  const states = counters.states.map((it) => rowOf(profile.states, it, change.nowSec));
  const hasTotals = Object.values(totals).some((it) => it !== null);
  if (events.length + states.length === 0 && !hasTotals) return;
  if (isFull(profile, events.length + states.length)) return;
  change.say({ kind: 'overridden', events, states, totals, timeSec: change.nowSec, session: null });
}

function isFull(profile: Profile, more: number): boolean {
  return more > 0 && profile.size > profileSizeMax;
}

/** What a counter holds afterwards: set first, then added; one that nobody has counted starts from 0. */
function rowOf(counters: ReadonlyMap<string, Counter>, given: CounterOverride, nowSec: number): CounterRow {
  const known = counters.get(given.name);
  const value = given.value ?? known?.valueSum ?? null;
  return [
    given.name,
    Math.max(0, (given.count ?? known?.count ?? 0) + (given.countBy ?? 0)),
    given.valueBy === null ? value : addFinite(value ?? 0, given.valueBy),
    given.firstSec ?? known?.firstSec ?? given.lastSec ?? nowSec,
    given.lastSec ?? known?.lastSec ?? given.firstSec ?? nowSec,
  ];
}
