/** The page of the Bloomreach dialect names every route and command, and does not say of one that it is there, or is not, when it is otherwise. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fastify from 'fastify';
import { commands, legacyCommands } from '../src/dialects/bloomreach/commands.ts';
import { type BloomreachRoutes, mountBloomreach } from '../src/dialects/bloomreach/routes.ts';

const page = readFileSync(new URL('../docs/dialects/bloomreach.md', import.meta.url), 'utf8');
const rows = [
  ...page.matchAll(/^\| `([^`]+)` \| ([^|]+) \| (done|partly|empty|not yet) \| (.*?) ?\|$/gm),
].map(([, name = '', place = '', status = '', note = '']) => ({ name, place, status, note }));
const routes = rows.filter(({ name }) => name.includes(' /'));
const there = (row: { status: string }) => row.status !== 'not yet';

/** Method and address of every route that a server mounts with all modules on, asked of the router itself. */
async function mounted(): Promise<string[]> {
  const server = fastify({ exposeHeadRoutes: false });
  const found: string[] = [];
  server.addHook('onRoute', ({ method, url }) => {
    const methods = [method].flat();
    // What answers 405, and what browsers ask first, is no route of its own.
    if (methods.includes('PATCH') || methods.includes('OPTIONS')) return;
    found.push(...methods.map((it) => `${it} ${url.replace(/:(\w+)/g, '{$1}')}`));
  });
  // Nothing is asked of these parts before the first request.
  const parts = { corsOrigins: [], legacyApi: true, streamApi: true } as unknown as BloomreachRoutes;
  await server.register(async (scope) => mountBloomreach(scope, parts));
  return found;
}

function expand({ name }: { name: string }): string[] {
  const [methods = '', path = ''] = name.split(' /');
  return methods.split(', ').map((method) => `${method} /${path}`);
}

test('every route of the code has one row, and a row that is there is in the code', async () => {
  const documented = routes.filter(there).flatMap(expand);
  assert.deepEqual(documented.toSorted(), (await mounted()).toSorted());
});

test('a route is "not yet" only when it is not in the code', async () => {
  const all = await mounted();
  for (const name of routes.filter((row) => !there(row)).flatMap(expand))
    assert.ok(!all.includes(name), name);
});

test('every command has one row, which says where it is known', () => {
  const shown = rows
    .filter(({ place }) => place.includes('`'))
    .map(({ name, place }) => [name, place] as const);
  // Those that are answered where they stand are in no table of the code.
  const inBatch = ['system/time', ...commands.keys(), ...legacyCommands.keys()];
  const inBulk = [
    'system/time',
    ...legacyCommands.keys(),
    'system/ids',
    'system/push-notifications-vapid-key',
  ];
  const named = (place: string) => shown.filter(([, it]) => it.includes(place)).map(([name]) => name);
  assert.deepEqual(named('`batch`').toSorted(), inBatch.toSorted());
  assert.deepEqual(named('`/bulk`').toSorted(), inBulk.toSorted());
});

test('what is only partly there says what is missing', () => {
  for (const { name, status, note } of rows) {
    if (status === 'partly' || status === 'empty') assert.notEqual(note, '', name);
  }
});
