import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshSeed } from '../support/random.ts';
import { crashRounds } from './crash.ts';

test('after kill -9 under load everything acknowledged is there exactly once', {
  timeout: 120_000,
}, async (t) => {
  const seed = Number(process.env['RAPPORT_TEST_SEED'] ?? freshSeed());
  t.diagnostic(`seed ${seed}`);
  const totals = await crashRounds({ rounds: 10, seed, log: (text) => t.diagnostic(text), signal: t.signal });
  assert.ok(totals.acknowledged > 1000, 'the rounds were too quiet to show anything');
});

test('the same while the history is sealed, merged and read', { timeout: 180_000 }, async (t) => {
  const seed = Number(process.env['RAPPORT_TEST_SEED'] ?? freshSeed());
  t.diagnostic(`seed ${seed}`);
  const log = (text: string) => t.diagnostic(text);
  const totals = await crashRounds({ rounds: 6, seed, historyLines: 40, log, signal: t.signal });
  assert.ok(totals.acknowledged > 500, 'the rounds were too quiet to show anything');
  assert.ok(totals.sealedFiles > 0, 'nothing was sealed');
});
