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
import { type Profile, userOf } from './profile.ts';
import { writeProfile } from './profile-document.ts';

const hard = fc.constantFrom(null, null, null, null, 'user ann', 'user bob', 'user cy');
const soft = fc.uniqueArray(fc.constantFrom('c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8', 'c9'), {
  maxLength: 3,
});
const call = fc
  .tuple(hard, soft)
  .map(([user, cookies]) => [...(user === null ? [] : [user]), ...cookies.map((it) => `cookie ${it}`)])
  .filter((ids) => ids.length > 0);

test('whatever is named together: one owner an id, nobody with two names, nothing lost', () => {
  let merges = 0;
  let thefts = 0;
  const property = fc.property(fc.array(call, { minLength: 1, maxLength: 30 }), (calls) => {
    const world = new World();
    const lines: Line[] = [];
    for (const [index, ids] of calls.entries()) {
      const before = ids.map((id) => world.owners.get(id)).filter((it) => it !== undefined);
      const createdFirst = Math.min(...before.filter((it) => !clashes(it, ids)).map((it) => it.createdMs));
      const applied = world.do(index + 1, track('seen', { ids: ids.join(', '), merge: 'oldest' }));
      lines.push(...applied.lines);
      merges += applied.gone.length;
      thefts += applied.lines.filter((it) => it.kind === 'identity_detached').length;
      // Everything that was named means one profile now, and it has the name that was given.
      const owners = new Set(ids.map((id) => world.owners.get(id)));
      assert.equal(owners.size, 1);
      const [owner] = [...owners] as [Profile];
      const name = ids.find((id) => id.startsWith('user '));
      if (name !== undefined) {
        assert.equal(`user ${userOf(owner)}`, name);
        // The profile created first has survived.
        if (Number.isFinite(createdFirst)) assert.equal(owner.createdMs, createdFirst);
      }
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
});

function clashes(profile: Profile, ids: readonly string[]): boolean {
  const name = ids.find((id) => id.startsWith('user '));
  const own = userOf(profile);
  return name !== undefined && own !== undefined && name !== `user ${own}`;
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

/** Rule 2: nobody, with all that became part of him, ever had two names. */
function checkNames(lines: readonly Line[]): void {
  const names = new Map<ProfileId, number>();
  for (const line of lines) {
    const count = names.get(line.profile) ?? 0;
    if (line.kind === 'identity_attached' && line.name === 'user') names.set(line.profile, count + 1);
    if (line.kind === 'merged') names.set(line.profile, count + (names.get(line.part) ?? 0));
    assert.ok((names.get(line.profile) ?? 0) <= 1, `two names at line ${line.id}`);
  }
}
