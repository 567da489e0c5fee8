import { weighJson } from '../../lib/json.ts';
import { edit } from '../attribute-edits.ts';
import type { Change } from '../change.ts';
import type { CounterOverride, DeviceFacts, Entries, UpdateProfile } from '../command.ts';
import { addCounts, addFinite } from '../counter.ts';
import { profileSizeMax } from '../limits.ts';
import type { CounterRow } from '../line.ts';
import { applied, type Outcome } from '../outcome.ts';
import { type Attribute, type Counter, findIdentity } from '../profile.ts';
import { changedIn } from '../session.ts';
import { setAttributes } from './set-attributes.ts';

/**
 * Changes whatever a caller may change of a profile, in the order of Leanplum contract 2.3 `setUserAttributes`. In a
 * session all of it is activity, also what changes nothing (contract 3.1).
 */
export function updateProfile(change: Change, command: UpdateProfile): Outcome {
  const { profile, lines } = change;
  const before = lines.length;
  const { entries, skipped } = edit(profile.attributes, command.attributes, command.edits);
  const set = { ids: command.ids, create: command.create, timeSec: command.timeSec, keepNewer: false };
  const outcome = setAttributes(change, { ...set, kind: 'set_attributes', attributes: entries });
  if (outcome.code !== 'applied') return outcome;
  const facts = edit(profile.facts, command.facts, command.factEdits);
  const full = setFacts(change, { ...command, facts: facts.entries });
  full.push(...override(change, command));
  if (lines.length === before) giveSignOfLife(change, command);
  if (skipped.length + full.length === 0) return applied;
  return { code: 'applied', offline: false, skipped, full };
}

/** Says what is new about the user and his devices; answers the names of what the profile has no room for. */
export function setFacts(
  change: Change,
  { ids, facts, devices, timeSec }: Pick<UpdateProfile, 'ids' | 'facts' | 'devices' | 'timeSec'>,
): string[] {
  const { profile } = change;
  const full: string[] = [];
  const atSec = Math.min(timeSec ?? change.nowSec, change.nowSec);
  const say = (device: DeviceFacts['device'] | null, given: Entries): void => {
    const identity = device === null ? undefined : findIdentity(profile, 'device', device);
    // Somebody else's device: his profile is not the one this command is about.
    if (device !== null && identity === undefined) return;
    const known = identity === undefined ? profile.facts : profile.devices.get(identity.id);
    const news = given.filter(([name, value]) => !isSame(known?.get(name), value));
    if (news.length === 0) return;
    if (profile.size + weigh(news) > profileSizeMax) {
      full.push(...news.map(([name]) => name));
      return;
    }
    const params = Object.fromEntries(news);
    const session = changedIn(profile, ids);
    change.say({ kind: 'facts', device: identity?.id ?? null, params, timeSec: atSec, session });
  };
  say(null, facts);
  for (const it of devices) say(it.device, it.facts);
  return full;
}

/** Nothing that was said is new: that somebody was there is. */
function giveSignOfLife(change: Change, { ids, timeSec }: UpdateProfile): void {
  const session = changedIn(change.profile, ids);
  if (session === null) return;
  change.say({ kind: 'session_continued', session, timeSec: change.happenedMs(timeSec) / 1000 });
}

function isSame(known: Attribute | undefined, value: Attribute[1]): boolean {
  return known !== undefined && (known[1] === value || JSON.stringify(known[1]) === JSON.stringify(value));
}

function weigh(entries: Entries): number {
  return entries.reduce((sum, [name, value]) => sum + name.length + weighJson(value), 0);
}

/** Answers the names of counters that the profile has no room for. */
function override(change: Change, { ids, counters, totals, timeSec }: UpdateProfile): string[] {
  const { profile } = change;
  const full: string[] = [];
  const atSec = change.happenedMs(timeSec) / 1000;
  const rowsOf = (known: ReadonlyMap<string, Counter>, given: readonly CounterOverride[]): CounterRow[] =>
    given.flatMap((it) => {
      if (profile.size <= profileSizeMax || known.has(it.name)) return [rowOf(known, it, atSec)];
      full.push(it.name);
      return [];
    });
  const events = rowsOf(profile.counters, counters.events);
  const states = rowsOf(profile.states, counters.states);
  const hasTotals = Object.values(totals).some((it) => it !== null);
  if (events.length + states.length > 0 || hasTotals) {
    const session = changedIn(profile, ids);
    change.say({ kind: 'overridden', events, states, totals, timeSec: atSec, session });
  }
  return full;
}

/** What a counter holds afterwards: set first, then added; one that nobody has counted starts from 0. */
function rowOf(counters: ReadonlyMap<string, Counter>, given: CounterOverride, atSec: number): CounterRow {
  const known = counters.get(given.name);
  const value = given.value ?? known?.valueSum ?? null;
  return [
    given.name,
    addCounts(given.count ?? known?.count ?? 0, given.countBy ?? 0),
    given.valueBy === null ? value : addFinite(value ?? 0, given.valueBy),
    given.firstSec ?? known?.firstSec ?? given.lastSec ?? atSec,
    given.lastSec ?? known?.lastSec ?? given.firstSec ?? atSec,
  ];
}
