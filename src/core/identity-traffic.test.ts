/**
 * Identity under random traffic (Bloomreach contract 2.6): ids that are shared, stolen and merged. After every command
 * the rules hold, and at the end every profile is what its lines say.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { track, World } from '../../test/support/scenario.ts';
import { evolve } from './evolve.ts';
import type { ProfileId } from './ids.ts';
import type { Line } from './line.ts';
import { hardIdOf, type IdentityKind, isHard, type Profile } from './profile.ts';
import { writeProfile } from './profile-document.ts';

const hard = fc.constantFrom(null, null, null, null, 'user ann', 'user bob', 'user cy');
const email = fc.constantFrom(null, null, null, 'hard:email a@', 'hard:email b@', 'hard:email c@');
const cookies = ['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8', 'c9'].map((it) => `cookie ${it}`);
const analytics = ['g1', 'g2', 'g3', 'g4'].map((it) => `soft:ga ${it}`);
const softOf = (ids: readonly string[]) => fc.uniqueArray(fc.constantFrom(...ids), { maxLength: 3 });
const callOf = (hardIds: fc.Arbitrary<(string | null)[]>, soft: readonly string[]) =>
  fc
    .tuple(hardIds, softOf(soft))
    .map(([names, ids]) => [...names.filter((it) => it !== null), ...ids])
    .filter((ids) => ids.length > 0);

/** Calls of a project with one type of either class, and of one with two. */
const projects: Record<string, fc.Arbitrary<string[]>> = {
  'a hard and a soft type': callOf(fc.tuple(hard), cookies),
  'two hard and two soft types': callOf(fc.oneof(fc.tuple(hard, email), fc.tuple(email, hard)), [
    ...cookies,
    ...analytics,
  ]),
};

for (const [types, call] of Object.entries(projects)) {
  test(`whatever is named together: one owner an id, nobody with two names, nothing lost: ${types}`, () =>
    check(call));
}

function check(call: fc.Arbitrary<string[]>): void {
  let merges = 0;
  let thefts = 0;
  const property = fc.property(fc.array(call, { minLength: 1, maxLength: 30 }), (calls) => {
    const world = new World();
    const lines: Line[] = [];
    for (const [index, ids] of calls.entries()) {
      const before = new Map(ids.map((id) => [id, world.owners.get(id)]));
      const names = ids.filter((id) => isHard(kindOf(id)));
      const applied = world.do(index + 1, track('seen', { ids: ids.join(', '), merge: 'oldest' }));
      lines.push(...applied.lines);
      merges += applied.gone.length;
      thefts += applied.lines.filter((it) => it.kind === 'identity_detached').length;
      const { profile: owner } = applied;
      assert.ok(owner !== undefined);
      for (const id of ids) {
        const now: Profile | undefined = world.owners.get(id);
        // Everything that was named means one profile now; but a hard id is never taken from whom it names.
        if (now === owner) continue;
        assert.ok(isHard(kindOf(id)) && id !== names[0], id);
        assert.equal(now, before.get(id), id);
        const isApart: boolean =
          now === undefined ? hardIdOf(owner, kindOf(id)) !== undefined : differ(now, owner);
        assert.ok(isApart, `nothing is in the way of ${id}`);
      }
      // The profile created first has survived.
      assert.ok(applied.gone.every((it) => it.id > owner.id));
      // It has the name that counts.
      const [name] = names;
      if (name !== undefined) assert.equal(`${kindOf(name)} ${hardIdOf(owner, kindOf(name))}`, name);
    }
    checkPartition(world);
    checkNames(lines);
    const seen = [...world.profiles.values()].map((it) => it.counters.get('seen')?.count ?? 0);
    assert.equal(
      seen.reduce((a, b) => a + b, 0),
      calls.length,
      'every event is counted once, whoever has it',
    );
    for (const profile of world.profiles.values()) {
      let folded: Profile | undefined;
      for (const line of lines.filter((it) => it.profile === profile.id)) {
        folded = evolve(folded, line, (id) => world.values.get(id) ?? assert.fail('an unknown id'));
      }
      assert.equal(folded && writeProfile(folded), writeProfile(profile));
    }
  });
  fc.assert(property, { numRuns: 1000 });
  assert.ok(merges > 100 && thefts > 100, `${merges} merges, ${thefts} thefts`);
}

function kindOf(id: string): IdentityKind {
  return id.split(' ')[0] as IdentityKind;
}

/** Rule 2: of some type they have two hard ids. */
function differ(a: Profile, b: Profile): boolean {
  return a.identities.some(({ kind, value }) => isHard(kind) && (hardIdOf(b, kind) ?? value) !== value);
}

/** Rule 1: no two profiles hold the same id. */
function checkPartition(world: World): void {
  const held = [...world.profiles.values()].flatMap((profile) =>
    profile.identities.map(({ kind, value }) => [`${kind} ${value}`, profile.id] as const),
  );
  assert.equal(new Set(held.map(([id]) => id)).size, held.length);
  const owners = Array.from(world.owners, ([id, profile]) => [id, profile.id] as const);
  assert.deepEqual(new Map(held), new Map(owners));
}

/** Rule 2: nobody, with all that became part of him, ever had two names of one type. */
function checkNames(lines: readonly Line[]): void {
  const kinds = new Map<ProfileId, IdentityKind[]>();
  for (const line of lines) {
    const own = kinds.getOrInsert(line.profile, []);
    if (line.kind === 'identity_attached' && isHard(line.name)) own.push(line.name);
    if (line.kind === 'merged') own.push(...(kinds.get(line.part) ?? []));
    assert.equal(new Set(own).size, own.length, `two names at line ${line.id}`);
  }
}
