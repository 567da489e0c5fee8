/** How often a user in development mode may call, with a clock that stands until we move it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Settings } from '../../src/config.ts';
import { startAppOn } from '../support/app.ts';
import { leanplum } from '../support/requests.ts';
import { newScratchFolder, removeScratchFolder } from '../support/server.ts';
import { countsOf } from './wire.ts';

type Params = Record<string, unknown>;

async function withServer(
  devModeLimit: Settings['devModeLimit'],
  run: (parts: {
    track: (params: Params) => Promise<[status: number, error: string | undefined]>;
    pass: (ms: number) => void;
    counts: (userId: string) => Promise<Record<string, number>>;
  }) => Promise<void>,
): Promise<void> {
  const folder = newScratchFolder();
  let nowMs = 1_800_000_000_000;
  const app = await startAppOn(folder, () => nowMs, { RAPPORT_DEV_MODE_LIMIT: devModeLimit });
  const server = { url: app.address };
  try {
    await run({
      track: async (params) => {
        const body = { action: 'track', event: 'e', devMode: true, ...params };
        const answer = await leanplum(server, body, { key: 'development' });
        assert.equal(answer.headers.get('retry-after') !== null, answer.status === 429);
        return [answer.status, answer.body.response[0]?.error?.message];
      },
      pass: (ms) => {
        nowMs += ms;
      },
      counts: (userId) => countsOf(server, userId),
    });
  } finally {
    await app.stop();
    removeScratchFolder(folder);
  }
}

const fine = [200, undefined];
const userTooFast = [429, 'Too Many Requests.'];
const deviceTooFast = [429, 'Per device rate limit exceeded.'];

test('an API caller has one request a second for each user, and more for SDKs and outside of it', async () => {
  await withServer('api', async ({ track, pass, counts }) => {
    assert.deepEqual(await track({ userId: 'ann' }), fine);
    assert.deepEqual(await track({ userId: 'ann' }), userTooFast);
    assert.deepEqual(await track({ userId: 'ann', deviceId: 'phone' }), deviceTooFast);
    assert.deepEqual(await track({ userId: 'ann', devMode: 'false' }), fine);
    assert.deepEqual(await track({ userId: 'ann', sdkVersion: '7.8.0' }), fine);
    assert.deepEqual(await track({ userId: 'bob' }), fine);
    // A refused one does not count.
    pass(999);
    assert.deepEqual(await track({ userId: 'ann' }), userTooFast);
    pass(1);
    assert.deepEqual(await track({ userId: 'ann' }), fine);
    pass(-60_000);
    assert.deepEqual(await track({ userId: 'ann' }), fine, 'the clock was set back');
    assert.deepEqual(await counts('ann'), { e: 5 });
  });
});

test('a batch counts once for each of its users, and is refused as a whole', async () => {
  await withServer('api', async ({ track, pass, counts }) => {
    const event = { action: 'track', event: 'e' };
    const batch = (...users: string[]) =>
      track({ action: 'multi', time: 1_800_000_000, data: users.map((userId) => ({ ...event, userId })) });
    assert.deepEqual(await batch('cy', 'cy', 'dan'), fine);
    assert.deepEqual(await batch('eve', 'dan'), userTooFast);
    assert.deepEqual(await batch('eve', 'eve'), fine);
    pass(1_000);
    assert.deepEqual(await batch('eve', 'dan'), fine);
    assert.deepEqual(
      [await counts('cy'), await counts('dan'), await counts('eve')],
      [{ e: 2 }, { e: 2 }, { e: 3 }],
    );
  });
});

test('all: SDKs too', async () => {
  await withServer('all', async ({ track }) => {
    assert.deepEqual(await track({ deviceId: 'phone', sdkVersion: '7.8.0' }), fine);
    assert.deepEqual(await track({ deviceId: 'phone', sdkVersion: '7.8.0' }), deviceTooFast);
  });
});

test('off: nobody', async () => {
  await withServer('off', async ({ track, counts }) => {
    for (let n = 0; n < 3; n++) assert.deepEqual(await track({ userId: 'ann' }), fine);
    assert.deepEqual(await counts('ann'), { e: 3 });
  });
});
