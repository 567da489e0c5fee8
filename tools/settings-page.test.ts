/** Every setting is documented as it is. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { settingDocs } from '../src/config.ts';
import { limitDocs } from '../src/limit-settings.ts';
import { readPage, withTable } from './settings-page.ts';

const docs = { ...settingDocs, ...limitDocs };

test('the page of settings is in step with src/config.ts', () => {
  assert.equal(readPage(), withTable(readPage()), 'run: npm run format');
});

test('every setting that the code reads is one of the page', () => {
  const code = ['config.ts', 'limit-settings.ts', 'main.ts', 'cli/main.ts']
    .map((file) => readFileSync(new URL(`../src/${file}`, import.meta.url), 'utf8'))
    .join('\n');
  const read = new Set(code.match(/\bRAPPORT_[A-Z0-9_]+/g));
  assert.deepEqual([...read].sort(), Object.keys(docs).sort());
  for (const name of read) assert.ok(readPage().includes(`| \`${name}\` |`), name);
});

test('a setting that is missing or changed in the page is noticed', () => {
  const page = readPage();
  for (const [name, { meaning }] of Object.entries(docs)) {
    const changed = [page.replace(`| \`${name}\``, '| `OTHER`'), page.replace(meaning, 'something else')];
    for (const text of changed) assert.notEqual(text, withTable(text), name);
  }
});
