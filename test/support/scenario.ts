import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Applied, apply } from '../../src/core/apply.ts';
import type { Command, SteerSession } from '../../src/core/command.ts';
import type { NamedIdentity } from '../../src/core/identity.ts';
import type { EventId, IdentityId, ProfileId, ProjectId } from '../../src/core/ids.ts';
import type { Line } from '../../src/core/line.ts';
import type { IdentityKind, Profile } from '../../src/core/profile.ts';
import { writeProfile } from '../../src/core/profile-document.ts';
import { noUpdate } from '../../src/dialects/leanplum/no-update.ts';
import type { Json, JsonObject } from '../../src/lib/json.ts';

// Tables of commands on the core: given, when, then.
//
// Each row: at this second, this command; then this outcome and these lines. Times are small numbers of seconds, ids
// count from 1, so that `4 event buy @50 in 3` is line 4: an event that happened at 50, in the session that line 3
// opened. A time is shown when it differs from the clock of its row.

export type Row = readonly [clockSec: number, command: Command, outcome: string, ...lines: string[]];

export function scenario(name: string, rows: readonly Row[], then: (world: World) => void = () => {}): void {
  test(name, () => {
    const world = new World();
    for (const [clockSec, command, outcome, ...lines] of rows) {
      const applied = world.do(clockSec, command);
      const said = {
        outcome: outcomeText(applied),
        lines: applied.lines.map((it) => world.text(it, clockSec)),
      };
      assert.deepEqual(said, { outcome, lines }, `at ${clockSec}: ${command.kind}`);
    }
    then(world);
  });
}

/** What the engine does around `apply`: who has which id, and the number of the next line. */
export class World {
  readonly profiles = new Map<ProfileId, Profile>();
  readonly owners = new Map<string, Profile>();
  readonly values = new Map<IdentityId, string>();
  #next = 1;

  do(clockSec: number, command: Command): Applied {
    const found =
      command.kind === 'pass_time'
        ? [this.profiles.get(command.profile)]
        : command.ids.map((id) => this.owners.get(`${id.kind} ${id.value}`));
    const context = {
      project: 1 as ProjectId,
      nowMs: clockSec * 1000,
      nextEvent: this.#next as EventId,
    };
    const applied = apply(found, command, context);
    const { profile, gone, namings, lines } = applied;
    this.#next += lines.length;
    if (profile !== undefined) this.profiles.set(profile.id, profile);
    for (const { id } of gone) this.profiles.delete(id);
    for (const { id, kind, value, profile: owner } of namings) {
      if (owner === undefined) this.owners.delete(`${kind} ${value}`);
      else this.owners.set(`${kind} ${value}`, owner);
      this.values.set(id, value);
    }
    return applied;
  }

  /** The profile of a user, as its document. */
  state(id = 'user ann'): { [member: string]: Json } {
    return JSON.parse(writeProfile(this.profile(id)));
  }

  profile(id = 'user ann'): Profile {
    const profile = this.owners.get(id);
    assert.ok(profile !== undefined, `nobody is ${id}`);
    return profile;
  }

  attribute(name: string): Json {
    return [...(this.profile().attributes.get(name) ?? [])].slice(1);
  }

  text(line: Line, clockSec: number): string {
    const parts = [`${line.id} ${line.kind}`];
    if ('name' in line) parts.push(line.name);
    if ('identity' in line) parts.push(this.values.get(line.identity) ?? '?');
    if ('value' in line && line.value !== null) parts.push(`value ${line.value}`);
    if ('info' in line && line.info !== null) parts.push(`info ${line.info}`);
    if ('params' in line && JSON.stringify(line.params) !== '{}') parts.push(JSON.stringify(line.params));
    if (line.timeSec !== clockSec) parts.push(`@${line.timeSec}`);
    if (line.atMs !== clockSec * 1000) parts.push(`applied ${line.atMs / 1000}`);
    if ('background' in line && line.background) parts.push('background');
    if ('billed' in line && !line.billed) parts.push('unbilled');
    if ('spentSec' in line) parts.push(`spent ${line.spentSec}`);
    if ('state' in line && line.state !== null) parts.push(`state ${line.state}`);
    if ('passive' in line && line.passive) parts.push('passive');
    if ('device' in line && line.device !== null) parts.push(`on ${line.device}`);
    if (line.session !== null) parts.push(`in ${line.session}`);
    return parts.join(' ');
  }
}

export function outcomeText({ outcome }: Applied): string {
  return outcome.code === 'applied' && outcome.offline ? 'applied offline' : outcome.code;
}

export const ann = 'user ann';
export const known: Row = [1, setAll({}), 'applied', '1 created', '2 identity_attached user'];

export function idsOf(text: string): NamedIdentity[] {
  return text.split(', ').map((it) => {
    const [kind, value] = it.split(' ') as [IdentityKind, string];
    return { kind, value, attach: true };
  });
}

type Options<Kind extends Command['kind']> = Partial<
  Omit<Extract<Command, { kind: Kind }>, 'kind' | 'ids'>
> & {
  ids?: string;
};

export function track(name: string, { ids = ann, ...given }: Options<'track'> = {}): Command {
  const rest = { create: true, value: null, info: null, params: {}, timeSec: null, stamped: false, ...given };
  return { kind: 'track', name, ids: idsOf(ids), ...rest };
}

/** An event with a time of the client, by which an exact repeat can be recognised. */
export function stamped(name: string, timeSec: number, params: JsonObject = {}): Command {
  return track(name, { timeSec, params, stamped: true });
}

export function setAll(
  attributes: JsonObject,
  { ids = ann, ...given }: Options<'set_attributes'> = {},
): Command {
  const rest = { create: true, timeSec: null, keepNewer: false, ...given };
  return { kind: 'set_attributes', attributes: Object.entries(attributes), ids: idsOf(ids), ...rest };
}

export function open({ ids = ann, ...given }: Options<'open_session'> = {}): Command {
  const rest = {
    create: true,
    continueOpen: false,
    background: false,
    attributes: [],
    facts: [],
    devices: [],
    timeSec: null,
    ...given,
  };
  return { kind: 'open_session', ids: idsOf(ids), ...rest };
}

export function steer(
  action: SteerSession['action'],
  { ids = ann, ...given }: Options<'steer_session'> = {},
): Command {
  return { kind: 'steer_session', action, ids: idsOf(ids), create: false, timeSec: null, ...given };
}

/** Changes what else is known of a user; nothing, if nothing is given. */
export function update({ ids = ann, ...given }: Options<'update_profile'> = {}): Command {
  const rest = { create: true, ...noUpdate, ...given };
  return { kind: 'update_profile', ids: idsOf(ids), ...rest };
}

/** Enters a state. */
export function enter(name: string, { ids = ann, ...given }: Options<'enter_state'> = {}): Command {
  const rest = { create: false, info: null, params: {}, timeSec: null, ...given };
  return { kind: 'enter_state', name, ids: idsOf(ids), ...rest };
}

export function read(ids = ann): Command {
  return { kind: 'read_profile', ids: idsOf(ids), create: false };
}
