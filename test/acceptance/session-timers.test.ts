/** Sessions that end while nobody calls: the whole server over HTTP, with a clock that the test moves. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pino } from 'pino';
import { type App, startApp } from '../../src/app.ts';
import { bootstrap } from '../support/demo-project.ts';
import { leanplum } from '../support/requests.ts';
import { newScratchFolder, removeScratchFolder } from '../support/server.ts';
import { until } from '../support/until.ts';
import { exportUser, isNear } from './wire.ts';

const folder = newScratchFolder();
const bootstrapFile = join(folder, 'bootstrap.json');
writeFileSync(bootstrapFile, JSON.stringify(bootstrap));
let nowMs = 1_800_000_000_000;
let app: App;

async function start(): Promise<void> {
  app = await startApp({
    settings: {
      host: '127.0.0.1',
      port: 0,
      dataFolder: join(folder, 'data'),
      bootstrapFile,
      corsOrigins: [],
      legacyApi: true,
      streamApi: true,
      historyLines: 250_000,
      accessLog: false,
    },
    log: pino({ enabled: false }),
    clock: () => nowMs,
    onFirstStart: () => undefined,
    onFatal: (error) => assert.fail(error as Error),
  });
}

after(async () => {
  await app.stop();
  removeScratchFolder(folder);
});

const hourMs = 60 * 60 * 1000;
const call = async (action: string, userId: string, more: Record<string, unknown> = {}) => {
  const answer = await leanplum({ url: app.address }, { action, userId, ...more });
  assert.equal(answer.status, 200, answer.text);
  return answer.body.response[0];
};
const show = (userId: string) => exportUser({ url: app.address }, { userId });
/** Nobody but the timers changes this: a read does not let time pass. */
const hasEnded = (userId: string, spentSec: number) =>
  until(async () => (await show(userId)).timeSpentInApp === spentSec, `the session of ${userId} ended`);

test('a session ends by itself while nobody calls, at its last activity, also after a restart', async () => {
  await start();
  await call('start', 'ann', { deviceId: 'phone' });
  await call('start', 'bob', { deviceId: 'tablet' });
  nowMs += 60_000;
  await call('track', 'ann', { event: 'look', deviceId: 'phone' });
  await call('pauseSession', 'bob', { deviceId: 'tablet' });
  const seenSec = nowMs / 1000;
  assert.equal((await show('ann')).timeSpentInApp, 0, 'it is still open');

  // Half an hour after his pause, and long before the other one's time.
  nowMs += hourMs;
  await hasEnded('bob', 60);
  assert.equal((await show('ann')).timeSpentInApp, 0);
  assert.deepEqual(await call('track', 'ann', { event: 'look', deviceId: 'phone' }), { success: true });

  // The server is down when the session's time comes.
  await app.stop();
  nowMs += 30 * hourMs;
  await start();
  await hasEnded('ann', 60 + 3600);
  const ann = await show('ann');
  assert.equal(ann.totalSessions, 1);
  isNear(ann.lastActive, seenSec + 3600, 0.001);
  assert.deepEqual(await call('track', 'ann', { event: 'look', deviceId: 'phone' }), {
    success: true,
    isOffline: true,
  });
});
