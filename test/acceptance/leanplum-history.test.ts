/**
 * Counters equal the history: random, retried and split traffic over HTTP, with logins, switches and merges in it; then
 * the lines of every user, as the history has them, folded one by one, are what `exportUser` shows.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { IdentityId } from '../../src/core/ids.ts';
import type { Profile } from '../../src/core/profile.ts';
import { exportUser as action } from '../../src/dialects/leanplum/actions/exportUser.ts';
import { everybody, fold, show, valuesOf } from '../support/folded.ts';
import { freshSeed, randomFrom } from '../support/random.ts';
import { type Server, startServer } from '../support/server.ts';
import { countedEvent, type Tally, useBackend, usePhone } from './leanplum-traffic.ts';
import { exportUser } from './wire.ts';

let server: Server;
before(async () => {
  // So few that most lines are read from sealed files.
  server = await startServer({ environment: { RAPPORT_HISTORY_LINES: '300' } });
});
after(() => server[Symbol.asyncDispose]());

const rounds = 5;
const phones = 8;
const actionsPerPhone = 60;

/** The history of one user and what is exported of him, at the same moment: a timer may end a session between the two. */
async function readBoth(id: number, values: ReadonlyMap<IdentityId, string>) {
  for (;;) {
    const before = (await show(server.dataFolder, 'internal', String(id))) ?? assert.fail(`nobody is ${id}`);
    const profile = fold(before, values);
    const user = profile.identities.find(({ kind }) => kind === 'user');
    const device = profile.identities.find(({ kind, away }) => kind === 'device' && away !== true);
    const ids = user === undefined ? { deviceId: device?.value } : { userId: user.value };
    const exported = await exportUser(server, ids);
    const after = await show(server.dataFolder, 'internal', String(id));
    if (after?.history[0]?.id === before.history[0]?.id)
      return { exported, profile, history: before.history };
  }
}

/** What the dialect shows of a folded profile, as JSON has it. */
function rendered(profile: Profile): unknown {
  const call = undefined as never;
  return JSON.parse(
    JSON.stringify({ success: true, ...action.toReply({ code: 'profile', profile }, call, {}, undefined) }),
  );
}

test('the folded history of everybody is what exportUser shows', { timeout: 120_000 }, async (t) => {
  const seed = freshSeed();
  t.diagnostic(`seed ${seed}`);
  const random = randomFrom(seed);
  const seen = { profiles: 0, merges: 0, lines: 0 };
  for (let round = 0; round < rounds; round++) {
    const users = ['ann', 'bob', 'cid', 'dan', 'eve', 'fay'].map((it) => `${it} ${round}`);
    const devices = Array.from({ length: phones }, (_, n) => `phone ${n} ${round}`);
    const tally: Tally = { counted: 0 };
    await Promise.all([
      ...devices.map((deviceId) => {
        const phone = { deviceId, users, actions: actionsPerPhone };
        return usePhone(server, phone, randomFrom(random.below(2 ** 31)), tally);
      }),
      ...[1, 2].map(() => {
        const backend = { users, devices, actions: actionsPerPhone };
        return useBackend(server, backend, randomFrom(random.below(2 ** 31)), tally);
      }),
    ]);

    // The id of a phone is a user's as well, when somebody took it for his new id.
    const names = (['user', 'device'] as const).flatMap((kind) =>
      [...users, ...devices].map((id) => [kind, id] as const),
    );
    const { found } = await everybody(server.dataFolder, names);
    const values = valuesOf(found.values());
    let counted = 0;
    for (const id of found.keys()) {
      const { exported, profile, history } = await readBoth(id, values);
      assert.deepEqual(exported, rendered(profile), `seed ${seed}`);
      counted += exported.events?.[countedEvent]?.count ?? 0;
      seen.profiles += 1;
      seen.lines += history.length;
      seen.merges += history.filter(({ kind }) => kind === 'merged').length;
    }
    assert.equal(counted, tally.counted, `seed ${seed}: each is counted once, whoever has it now`);
  }
  t.diagnostic(JSON.stringify(seen));
  assert.ok(seen.merges > 0 && seen.lines > 1000, 'too quiet to show anything');
});
