import assert from 'node:assert/strict';
import { evolve } from '../../src/core/evolve.ts';
import type { IdentityId } from '../../src/core/ids.ts';
import type { Line } from '../../src/core/line.ts';
import type { Identity, IdentityKind, Profile } from '../../src/core/profile.ts';
import { admin } from './admin.ts';

// Profiles as their lines tell them, taken from the history of a running server: what has to be what its dialects show.

/** What the admin API says of one user; lines newest first. */
export interface Shown {
  readonly profile: { readonly id: number; readonly identities: readonly Identity[] };
  readonly history: readonly Line[];
}

export type IdKind = IdentityKind | 'internal';

const linesMax = 1000;

export async function show(
  dataFolder: string,
  kind: IdKind,
  id: string,
  limit = linesMax,
): Promise<Shown | undefined> {
  const query = new URLSearchParams({ kind, id, limit: String(limit) });
  const { status, body } = await admin<Shown>(dataFolder, 'GET', `/profile?${query}`);
  return status === 404 ? undefined : body;
}

/** Everybody whom one of the ids means, once; and whom each of the ids means. */
export async function everybody(dataFolder: string, ids: readonly (readonly [kind: IdKind, id: string])[]) {
  const found = new Map<number, Shown>();
  const meant = new Map<string, number>();
  for (const [kind, id] of ids) {
    const owner = (await show(dataFolder, kind, id, 0))?.profile.id;
    if (owner === undefined) continue;
    meant.set(`${kind} ${id}`, owner);
    if (!found.has(owner))
      found.set(owner, (await show(dataFolder, 'internal', String(owner))) ?? assert.fail());
  }
  return { found, meant };
}

/** The values of the ids that somebody has; lines know internal ones only. */
export function valuesOf(found: Iterable<Shown>): Map<IdentityId, string> {
  return new Map(
    Array.from(found).flatMap((it) => it.profile.identities.map(({ id, value }) => [id, value])),
  );
}

/** The lines of the profile itself: a merge is one of them and holds the other profile as it was. */
export function fold({ profile: { id }, history }: Shown, values: ReadonlyMap<IdentityId, string>): Profile {
  assert.ok(history.length < linesMax, 'more lines than the API shows');
  let profile: Profile | undefined;
  for (const line of history.toReversed()) {
    if (line.profile !== id) continue;
    profile = evolve(profile, line, (it) => values.get(it) ?? `lost ${it}`);
  }
  return profile ?? assert.fail(`no lines of ${id}`);
}
