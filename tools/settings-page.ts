/**
 * Writes the table of settings into docs/operating/settings.md, from src/config.ts and src/limit-settings.ts:
 * `npm run format` runs it, and a test compares.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { settingDocs } from '../src/config.ts';
import { limitDocs } from '../src/limit-settings.ts';

const page = fileURLToPath(new URL('../docs/operating/settings.md', import.meta.url));
const begin = '<!-- settings: generated from src/config.ts by npm run format -->';
const end = '<!-- end of settings -->';

/** The page with the table as it has to be. */
export function withTable(text: string): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${page} lacks the two marks between which the table stands`);
  const rows = Object.entries({ ...settingDocs, ...limitDocs }).map(([name, { default: value, meaning }]) => {
    return `| \`${name}\` | ${value === '' ? 'none' : `\`${value}\``} | ${meaning.replaceAll('|', '\\|')} |`;
  });
  const table = ['| Setting | Default | Meaning |', '|---|---|---|', ...rows].join('\n');
  return `${text.slice(0, from)}${begin}\n${table}\n${text.slice(to)}`;
}

export function readPage(): string {
  return readFileSync(page, 'utf8');
}

if (import.meta.main) writeFileSync(page, withTable(readPage()));
