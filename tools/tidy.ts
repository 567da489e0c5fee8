/**
 * The rules of this repository that a script can check (CONTRIBUTING.md says why they are there). What a file may not
 * do inside one function is Biome's part: biome.json.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileLength, fileName, folderSize } from './tidy/files.ts';
import { deadFile, importDirection, importExtension } from './tidy/imports.ts';
import type { Rule, Violation } from './tidy/rule.ts';
import { readSource, type TextFile } from './tidy/source.ts';
import { documentedSettings, environment, markers, namedExports, pureCore } from './tidy/text.ts';

const rules: Record<string, Rule> = {
  'import-direction': importDirection,
  'import-extension': importExtension,
  'dead-file': deadFile,
  'named-exports': namedExports,
  'pure-core': pureCore,
  environment,
  'documented-settings': documentedSettings,
  markers,
  'file-length': fileLength,
  'file-name': fileName,
  'folder-size': folderSize,
};

export function tidy(files: readonly TextFile[]): Violation[] {
  const sources = files.filter(({ path }) => /\.(m?js|tsx?)$/.test(path)).map(readSource);
  const readme = files.find(({ path }) => path === 'README.md')?.text ?? '';
  return Object.entries(rules)
    .flatMap(([rule, check]) => check({ sources, readme }).map((finding) => ({ ...finding, rule })))
    .sort((a, b) => a.path.localeCompare(b.path) || a.line - b.line);
}

const folders = ['src', 'test', 'tools', 'bench'];

/** From the disk and not from git, so that it also works in an unpacked archive and sees files before they are added. */
function readFiles(root: string): TextFile[] {
  const paths = folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => {
      const entries = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
      return entries.map((entry) => posix.join(folder, entry.split(sep).join('/')));
    })
    .filter((path) => /\.(m?js|tsx?)$/.test(path));
  const readme = existsSync(join(root, 'README.md')) ? ['README.md'] : [];
  return [...paths, ...readme].map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

if (import.meta.main) {
  const violations = tidy(readFiles(fileURLToPath(new URL('..', import.meta.url))));
  for (const { path, line, rule, message } of violations) console.log(`${path}:${line} ${rule}: ${message}`);
  if (violations.length > 0) process.exitCode = 1;
}
