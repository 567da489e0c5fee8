/** Rules about what stands in a file. */
import { findAll, inEach, isServerCode, type Rule } from './rule.ts';

const reExport = /\bexport\s+(type\s+)?(\*(\s+as\s+\w+)?|\{[^}]*\})\s*from\s*(['"])\s*\4\s*;?/g;

/** An import names the file that holds the thing: no file that only passes things on, and no default exports. */
export const namedExports: Rule = inEach(
  () => true,
  ({ path, code }) => {
    const isBarrel = reExport.test(code) && code.replace(reExport, '').trim() === '';
    reExport.lastIndex = 0;
    return [
      ...(isBarrel ? [{ message: 'this file only re-exports: import from the files themselves' }] : []),
      ...(/(^|\/)index\.\w+$/.test(path) ? [{ message: 'name a file after what it holds, not index' }] : []),
      ...findAll(code, /\bexport\s+default\b|\bas\s+default\b/g, () => 'export by name, not by default'),
    ];
  },
);

export const markers: Rule = inEach(
  () => true,
  ({ comments }) =>
    findAll(comments, /(?<!@)\b(TODO|NOTE)\b|\b(FIXME|XXX|HACK)\b/g, (found) => {
      return `the markers are @NOTE and @TODO, not ${found}`;
    }),
);

const impure =
  /\b(Date\.now|new Date\s*\(|Math\.random|performance\.now|Promise\b|async\b|await\b|setTimeout|setInterval|setImmediate|queueMicrotask|crypto\.|process\.)/g;

/** The core gets the time and every random number as an argument, and never waits. */
export const pureCore: Rule = inEach(
  (source) => isServerCode(source) && source.path.startsWith('src/core/'),
  ({ code }) => findAll(code, impure, (found) => `core is pure and synchronous: ${found}`),
);

/** Settings are read in one place and handed on, so that a test never has to fight the environment. */
export const environment: Rule = inEach(
  (source) => isServerCode(source) && !/^src\/((cli\/)?main|config)\.ts$/.test(source.path),
  ({ code }) =>
    findAll(
      code,
      /\bprocess\s*\.\s*env\b/g,
      () => 'only main.ts, cli/main.ts and config.ts read the environment',
    ),
);

export const documentedSettings: Rule = ({ sources, readme }) =>
  sources
    .filter(({ path }) => path === 'src/config.ts' || path === 'src/limit-settings.ts')
    .flatMap(({ path, text }) => {
      const settings = findAll(text, /\bRAPPORT_[A-Z0-9_]+/g, (found) => found);
      const byName = new Map(settings.reverse().map(({ line, message: name }) => [name, line]));
      return [...byName]
        .filter(([name]) => !new RegExp(`\\b${name}\\b`).test(readme))
        .map(([name, line]) => ({ path, line, message: `${name} is not in README.md` }));
    });
