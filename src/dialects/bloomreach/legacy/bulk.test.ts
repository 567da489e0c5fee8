import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Projects } from '../../../engine/projects.ts';
import { Engine } from '../../../engine/submit.ts';
import { declareProjects } from '../../../storage/sqlite/declare-projects.ts';
import { openWriter } from '../../../storage/sqlite/open.ts';
import { loadProjects } from '../../../storage/sqlite/projects.ts';
import { migrate } from '../../../storage/sqlite/schema.ts';
import { SqliteStore } from '../../../storage/sqlite/store.ts';
import { answerBulk } from './bulk.ts';

const token = '5b1d6c3a-2f64-4e0f-9d0e-3c7a1f0e9b52';

test('what a server that takes nothing more could not store is to be sent again', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'rapport-bulk-'));
  const file = join(folder, 'rapport.sqlite');
  const database = openWriter(file);
  migrate(database);
  declareProjects(database, [{ name: 'Shop', bloomreach: { projectToken: token } }], {
    nowMs: 0,
    seal: Buffer.from,
  });
  const projects = new Projects(loadProjects(database, 0));
  database.close();
  const store = new SqliteStore(file);
  t.after(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const ignore = () => undefined;
  const engine = new Engine({ store, clock: Date.now, onFatal: ignore, onBug: ignore });
  engine.fail(new Error('the disk is broken'));

  const named = { project_id: token, cookie: 'ck' };
  const given = [
    { name: 'crm/customers', data: { ...named, ids: { cookie: 'a' } } },
    { name: 'system/ids', data: named },
    { name: 'crm/events', data: { ...named, customer_ids: {} } },
    { name: 'crm/events', data: { ...named, customer_ids: { cookie: 'a' }, type: 'x' } },
  ];
  const body = Buffer.from(JSON.stringify({ commands: given }));
  const call = { receivedMs: 0, body, params: {}, query: {}, cookies: '', idempotencyKey: undefined };
  const answer = await answerBulk(call, { engine, projects, nameLimits: undefined, clock: () => 1_000 });

  const retry = { success: false, status: 'retry', errors: ['Internal server error'] };
  assert.equal(answer.status, 200);
  assert.deepEqual(JSON.parse(String(answer.body)), {
    start_time: 1,
    end_time: 1,
    success: true,
    results: [
      retry,
      { success: true, status: 'ok', data: { ids: { cookie: 'ck' } } },
      { success: false, status: 'error', errors: ['At least one id should be specified.'] },
      retry,
    ],
  });
});
