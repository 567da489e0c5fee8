import { type Static, Type } from 'typebox';
import type { Command } from '../../core/command.ts';
import type { ProfileId, ProjectId } from '../../core/ids.ts';
import type { IdentityKind, Profile } from '../../core/profile.ts';
import type { Project } from '../../core/project.ts';
import { defineAction } from '../action.ts';
import { historyDefault, historyMax, idMax, nameMax, readBytes } from '../limits.ts';
import type { AdminParts } from '../parts.ts';
import { Problem } from '../problem.ts';
import { findProject, Time } from '../shared.ts';

/** What every project has. */
const commonKinds: readonly IdentityKind[] = ['user', 'device', 'cookie'];
const UnixSeconds = Type.Number({ description: 'Unix time in seconds' });

const Query = Type.Object({
  id: Type.String({
    minLength: 1,
    maxLength: idMax,
    description: 'an external id of either dialect, or the internal id',
  }),
  kind: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: nameMax,
      description:
        "what the id is: user (Leanplum's userId), device, cookie, internal, an id type of the project, or a kind as shown; left out: whichever names somebody",
    }),
  ),
  project: Type.Optional(
    Type.String({ minLength: 1, maxLength: nameMax, description: 'may be left out when there is only one' }),
  ),
  limit: Type.Integer({
    minimum: 0,
    maximum: historyMax,
    default: historyDefault,
    description: 'lines of its history, newest first',
  }),
});

export const showProfile = defineAction({
  name: 'showProfile',
  method: 'GET',
  path: '/profile',
  summary: 'Everything kept about one user, with the newest lines of the history first.',
  query: Query,
  result: Type.Object({
    project: Type.String(),
    profile: Type.Object({
      id: Type.Integer({ description: 'internal' }),
      createdMs: Time,
      updatedMs: Time,
      lastActiveMs: Type.Union([Time, Type.Null()]),
      totalSessions: Type.Integer(),
      timeSpentMs: Type.Number(),
      identities: Type.Array(
        Type.Object({
          id: Type.Integer({ description: 'internal; lines name it' }),
          kind: Type.String({
            description: 'user, device, cookie, or hard: or soft: with the name of a type of the project',
          }),
          value: Type.String(),
          away: Type.Boolean({ description: 'a device that somebody else uses now' }),
        }),
        { description: 'external ids, also of types that the project does not declare any more' },
      ),
      parts: Type.Array(Type.Integer(), {
        description:
          'internal ids of profiles that were merged into this one; the history has their lines as well',
      }),
      attributes: Type.Array(
        Type.Object({ name: Type.String(), value: Type.Unknown(), setSec: UnixSeconds }),
        { description: 'a null value was set and then cleared' },
      ),
      counters: Type.Array(
        Type.Object({
          name: Type.String(),
          count: Type.Number(),
          valueSum: Type.Union([Type.Number(), Type.Null()]),
          firstSec: UnixSeconds,
          lastSec: UnixSeconds,
        }),
        { description: 'of all events ever, by name' },
      ),
      states: Type.Array(
        Type.Object({
          name: Type.String(),
          count: Type.Number(),
          firstSec: UnixSeconds,
          lastSec: UnixSeconds,
        }),
        { description: 'of all states ever, by name' },
      ),
      sessions: Type.Array(
        Type.Object({
          id: Type.Integer(),
          device: Type.Union([Type.String(), Type.Null()]),
          openedMs: Time,
          lastActiveMs: Time,
          phase: Type.String({ description: 'active, paused, background' }),
          state: Type.Union([Type.String(), Type.Null()], { description: 'the one it is in' }),
        }),
        { description: 'those that are open' },
      ),
    }),
    history: Type.Array(Type.Unknown(), { description: 'lines as they are stored, newest first' }),
  }),

  async handle({ query }, parts) {
    const found = await find(query, parts);
    if (found instanceof Problem) return found;
    const project = parts.projects.all.find(({ id }) => id === found.project);
    const history = query.limit === 0 ? [] : await parts.newestLines(found, query.limit);
    if (history === undefined) {
      return new Problem('invalid', `The newest ${query.limit} lines are too large together: ask for fewer`);
    }
    return { project: project?.name ?? '', profile: show(found), history: [...history] };
  },
});

/** Reads through the same order as the writes: what was answered before is seen, and nothing a crash could take back. */
async function find(query: Static<typeof Query>, parts: AdminParts): Promise<Profile | Problem> {
  const project = chooseProject(query, parts);
  if (project instanceof Problem) return project;
  const kinds = readKinds(query.kind, project);
  if (kinds instanceof Problem) return kinds;
  const commands = lookUps(query, kinds);
  const result = await parts.engine.submit({
    // An internal id is good without a project; then no project's ids are asked for.
    project: project?.id ?? (0 as ProjectId),
    items: commands.map((command) => ({ command })),
    bytes: readBytes,
  });
  if (result.code !== 'done')
    return new Problem('unavailable', 'The server has too much to do, or is stopping');
  const profiles = new Map<ProfileId, Profile>();
  for (const outcome of result.outcomes) {
    if (outcome.code !== 'profile') continue;
    if (project !== undefined && outcome.profile.project !== project.id) continue;
    profiles.set(outcome.profile.id, outcome.profile);
  }
  const [profile, ...others] = profiles.values();
  if (profile === undefined) return new Problem('not_found', `Nobody is known as '${query.id}'`);
  if (others.length === 0) return profile;
  return new Problem('conflict', `'${query.id}' is the id of several users: say of which kind it is`);
}

function chooseProject(
  { project, kind }: Static<typeof Query>,
  { projects }: AdminParts,
): Project | undefined | Problem {
  if (project !== undefined) return findProject(projects, project);
  if (kind === 'internal') return undefined;
  const [only, ...others] = projects.all;
  if (only !== undefined && others.length === 0) return only;
  return new Problem('invalid', `There are ${projects.all.length} projects: say which (--project)`);
}

/** The kinds of external ids that are looked for. A kind as it is shown finds ids of types that are not declared any more. */
function readKinds(kind: string | undefined, project: Project | undefined): Set<IdentityKind> | Problem {
  if (kind === undefined) return new Set([...commonKinds, ...(project?.idTypes.values() ?? [])]);
  if (kind === 'internal') return new Set();
  const isKind = commonKinds.includes(kind as IdentityKind) || /^(hard|soft):/.test(kind);
  const found = isKind ? (kind as IdentityKind) : project?.idTypes.get(kind);
  if (found === undefined) return new Problem('invalid', `The project has no id type '${kind}'`);
  return new Set([found]);
}

function lookUps({ id, kind }: Static<typeof Query>, kinds: ReadonlySet<IdentityKind>): Command[] {
  const commands: Command[] = [];
  for (const each of kinds) {
    const ids = [{ kind: each, value: id, attach: false }];
    commands.push({ kind: 'read_profile', ids, create: false });
  }
  const isNumber = /^\d{1,16}$/.test(id) && Number.isSafeInteger(Number(id));
  if (isNumber && (kind === undefined || kind === 'internal')) {
    commands.push({ kind: 'read_profile', ids: [], create: false, profile: Number(id) as ProfileId });
  }
  return commands;
}

function show(profile: Profile) {
  const { identities } = profile;
  return {
    id: profile.id,
    createdMs: profile.createdMs,
    updatedMs: profile.updatedMs,
    lastActiveMs: profile.lastActiveMs,
    totalSessions: profile.totalSessions,
    timeSpentMs: profile.timeSpentMs,
    identities: identities.map(({ id, kind, value, away = false }) => ({ id, kind, value, away })),
    parts: [...profile.parts],
    attributes: Array.from(profile.attributes.values(), ([name, value, setSec]) => ({ name, value, setSec })),
    counters: Array.from(profile.counters.values(), (counter) => ({ ...counter })),
    states: Array.from(profile.states.values(), ({ name, count, firstSec, lastSec }) => {
      return { name, count, firstSec, lastSec };
    }),
    sessions: profile.sessions.map(({ id, device, openedMs, lastActiveMs, phase, state }) => ({
      id,
      device: identities.find((identity) => identity.id === device)?.value ?? null,
      openedMs,
      lastActiveMs,
      phase,
      state: state?.name ?? null,
    })),
  };
}
