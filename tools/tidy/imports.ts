/** Who may import whom. Type-only imports count: a type that is known is a dependency that is understood. */
import { inEach, isServerCode, type Rule } from './rule.ts';
import type { Import, Source } from './source.ts';

interface Layer {
  /** Files of one part may always import each other. */
  part: string;
  /** The row in the table below. */
  kind: Kind;
}

/** Of the server's own code, besides the same part and `lib`. Tests, bench and tools may import anything. */
const mayImport = {
  main: ['app', 'config', 'operations'],
  app: ['config', 'wiring', 'engine', 'store', 'core', 'storage', 'http', 'operations'],
  // The parts of app.ts: the only ones that know everything.
  wiring: [
    'config',
    'setting-files',
    'dialects',
    'engine',
    'store',
    'core',
    'storage',
    'delivery',
    'exports',
    'admin',
    'backup',
    'http',
    'operations',
  ],
  config: ['limit-settings'],
  'limit-settings': [],
  'setting-files': ['config'],
  dialects: ['engine', 'store', 'exports', 'core', 'http'],
  engine: ['store', 'core'],
  store: ['core'],
  core: [],
  storage: ['store', 'core'],
  contract: ['store', 'core'],
  delivery: ['engine', 'store', 'core'],
  exports: ['store', 'core'],
  // Of the settings: the form in which permissions are declared.
  admin: ['setting-files', 'engine', 'store', 'core', 'http'],
  backup: ['storage'],
  // The tool speaks with a server through its API; only `restore` works on a data folder itself.
  cli: ['config', 'admin', 'backup'],
  operations: ['engine', 'store', 'core', 'http'],
  http: [],
  lib: [],
} as const satisfies Record<string, readonly string[]>;
type Kind = keyof typeof mayImport;

const files: readonly Kind[] = ['main', 'app', 'config', 'limit-settings', 'setting-files'];
/** Each folder in these is a part of its own: the dialects do not know each other, nor do the stores. */
const foldersOfParts: readonly Kind[] = ['dialects', 'storage'];

/** HTTP ends where a dialect's envelope ends. */
const mayImportFastify = /^src\/(wiring\/|http\/|admin\/|operations\/|dialects\/[^/]+\/routes\.ts$)/;

export const importDirection: Rule = inEach(isServerCode, (source) => {
  const from = layerOf(source.path);
  if (from === undefined) {
    return [{ message: `${source.path} belongs to no part: give it a row in tools/tidy/imports.ts` }];
  }
  return source.imports.flatMap((found) => {
    const message = found.path === undefined ? refusePackage(source, from, found) : refuse(from, found.path);
    return message === undefined ? [] : [{ line: found.line, message }];
  });
});

function refuse(from: Layer, path: string): string | undefined {
  if (!path.startsWith('src/')) return `server code must not import ${path}`;
  if (path.endsWith('.test.ts')) return `server code must not import a test: ${path}`;
  const to = layerOf(path);
  if (to === undefined || to.part === from.part || to.kind === 'lib') return undefined;
  const allowed: readonly string[] = mayImport[from.kind];
  if (allowed.includes(to.kind)) return undefined;
  return `${from.part} must not import ${path} (it may import ${[...allowed, 'lib'].join(', ')})`;
}

function refusePackage(source: Source, from: Layer, { specifier }: Import): string | undefined {
  if (from.kind === 'core') return `core is pure: it must not import ${specifier}`;
  if (/^@?fastify(\/|$)/.test(specifier) && !mayImportFastify.test(source.path)) {
    return 'only wiring/, http/, admin/, operations/ and the routes of the dialects may know fastify';
  }
  return undefined;
}

function layerOf(path: string): Layer | undefined {
  if (/^src\/engine\/(\w+-)?store\.ts$/.test(path)) return { part: 'engine', kind: 'store' };
  if (path.startsWith('src/storage/contract/')) return { part: 'storage/contract', kind: 'contract' };
  const [, first = '', second] = path.split('/');
  const kind = second === undefined ? first.replace(/\.ts$/, '') : first;
  if (!isKind(kind) || files.includes(kind) !== (second === undefined)) return undefined;
  return { part: foldersOfParts.includes(kind) ? `${first}/${second}` : kind, kind };
}

function isKind(name: string): name is Kind {
  return Object.hasOwn(mayImport, name);
}

export const importExtension: Rule = inEach(
  (source) => source.path.endsWith('.ts') || source.path.endsWith('.tsx'),
  (source) =>
    source.imports
      .filter(({ path, specifier }) => path !== undefined && !/\.(tsx?|json)$/.test(specifier))
      .map(({ line, specifier }) => ({ line, message: `import the file itself, with .ts: ${specifier}` })),
);

/**
 * A file of the server that neither the server nor bench or tools reach, by whatever chain of imports. Being tested
 * is no reason to live, except for the contract suites, which are tests.
 */
export const deadFile: Rule = ({ sources }) => {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const roots = sources.filter(
    ({ path, isTest }) => /^(src\/(cli\/)?main\.ts$|bench\/|tools\/)/.test(path) && !isTest,
  );
  const alive = reach(roots, byPath);
  const tested = reach(
    sources.filter((source) => source.isTest),
    byPath,
  );
  return sources
    .filter(isServerCode)
    .filter(({ path }) => !(path.startsWith('src/storage/contract/') ? tested : alive).has(path))
    .map(({ path }) => ({ path, line: 1, message: 'nothing that runs imports this file' }));
};

function reach(from: Source[], byPath: ReadonlyMap<string, Source>): Set<string> {
  const reached = new Set(from.map(({ path }) => path));
  const waiting = [...from];
  for (let source = waiting.pop(); source !== undefined; source = waiting.pop()) {
    for (const { path } of source.imports) {
      const next = path === undefined || reached.has(path) ? undefined : byPath.get(path);
      if (next === undefined) continue;
      reached.add(next.path);
      waiting.push(next);
    }
  }
  return reached;
}
