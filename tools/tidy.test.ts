/** Each rule with what it lets pass and what it does not. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tidy } from './tidy.ts';

const many = (count: number, line: string) => `${line}\n`.repeat(count);

/** The findings of one rule over files given by path, as "path:line". */
function violations(rule: string, files: Record<string, string>): string[] {
  const tree = Object.entries(files).map(([path, text]) => ({ path, text }));
  return tidy(tree)
    .filter((violation) => violation.rule === rule)
    .map(({ path, line }) => `${path}:${line}`);
}

describe('import-direction', () => {
  const allowed: [from: string, specifier: string][] = [
    ['src/main.ts', './app.ts'],
    ['src/main.ts', './config.ts'],
    ['src/main.ts', 'node:process'],
    ['src/app.ts', './storage/sqlite/open.ts'],
    ['src/wiring/server.ts', '../dialects/leanplum/multi.ts'],
    ['src/wiring/server.ts', 'fastify'],
    ['src/app.ts', './wiring/server.ts'],
    ['src/config.ts', './lib/result.ts'],
    ['src/dialects/leanplum/multi.ts', './actions/track.ts'],
    ['src/dialects/leanplum/routes.ts', 'fastify'],
    ['src/dialects/leanplum/actions/track.ts', '../../../core/ids.ts'],
    ['src/dialects/leanplum/actions/track.ts', '../../../engine/submit.ts'],
    ['src/dialects/bloomreach/data.ts', '../../exports/export-one.ts'],
    ['src/dialects/bloomreach/batch.ts', '../../http/body.ts'],
    ['src/engine/submit.ts', './store.ts'],
    ['src/engine/submit.ts', '../core/apply.ts'],
    ['src/core/apply.ts', './commands/track.ts'],
    ['src/core/apply.ts', '../lib/assert.ts'],
    ['src/core/apply.test.ts', 'fast-check'],
    ['src/core/apply.test.ts', '../engine/submit.ts'],
    ['src/storage/sqlite/open.ts', '../../engine/store.ts'],
    ['src/storage/sqlite/open.ts', '../../core/line.ts'],
    ['src/storage/sqlite/open.test.ts', '../contract/profiles.ts'],
    ['src/storage/contract/profiles.ts', '../../engine/store.ts'],
    ['src/delivery/deliver.ts', '../engine/submit.ts'],
    ['src/exports/export-one.ts', '../engine/store.ts'],
    ['src/admin/projects.ts', 'fastify'],
    ['src/admin/server.ts', '@fastify/swagger'],
    ['src/admin/server.ts', '../engine/projects.ts'],
    ['src/admin/server.ts', '../http/observe.ts'],
    ['src/wiring/admin.ts', '../admin/server.ts'],
    ['src/wiring/admin.ts', '../backup/backups.ts'],
    ['src/backup/make-backup.ts', '../storage/sqlite/snapshot.ts'],
    ['src/cli/client.ts', '../admin/socket-path.ts'],
    ['src/cli/main.ts', '../config.ts'],
    ['src/cli/main.ts', 'commander'],
    ['src/cli/commands/restore.ts', '../../backup/restore.ts'],
    ['src/http/body.ts', '@fastify/busboy'],
    ['test/acceptance/leanplum.test.ts', '../../src/app.ts'],
    ['bench/null-server.ts', '../src/http/body.ts'],
  ];
  for (const [from, specifier] of allowed) {
    it(`lets ${from} import ${specifier}`, () => {
      assert.deepEqual(violations('import-direction', { [from]: `import { a } from '${specifier}';` }), []);
    });
  }

  const refused: [from: string, specifier: string][] = [
    ['src/main.ts', './engine/submit.ts'],
    ['src/app.ts', './main.ts'],
    ['src/app.ts', './dialects/leanplum/multi.ts'],
    ['src/engine/submit.ts', '../wiring/server.ts'],
    ['src/app.ts', '../test/support/server.ts'],
    ['src/app.ts', '../bench/load.ts'],
    ['src/app.ts', '../tools/tidy.ts'],
    ['src/app.ts', './app.test.ts'],
    ['src/config.ts', './core/limits.ts'],
    ['src/dialects/leanplum/multi.ts', '../bloomreach/errors.ts'],
    ['src/dialects/leanplum/multi.ts', '../../storage/sqlite/open.ts'],
    ['src/dialects/leanplum/multi.ts', 'fastify'],
    ['src/dialects/leanplum/errors.ts', '@fastify/error'],
    ['src/engine/submit.ts', '../storage/sqlite/open.ts'],
    ['src/engine/submit.ts', '../dialects/leanplum/multi.ts'],
    ['src/engine/submit.ts', '../app.ts'],
    ['src/core/apply.ts', '../engine/store.ts'],
    ['src/core/apply.ts', 'node:crypto'],
    ['src/core/apply.ts', 'typebox'],
    ['src/storage/sqlite/open.ts', '../duckdb/seal.ts'],
    ['src/storage/sqlite/open.ts', '../contract/profiles.ts'],
    ['src/storage/sqlite/open.ts', '../../engine/submit.ts'],
    ['src/exports/export-one.ts', '../engine/submit.ts'],
    ['src/admin/server.ts', '../storage/sqlite/store.ts'],
    ['src/admin/server.ts', '../backup/backups.ts'],
    ['src/admin/server.ts', '../cli/client.ts'],
    ['src/backup/backups.ts', '../engine/submit.ts'],
    ['src/backup/backups.ts', '../admin/parts.ts'],
    ['src/cli/client.ts', '../engine/submit.ts'],
    ['src/cli/client.ts', '../storage/sqlite/store.ts'],
    ['src/cli/client.ts', '../app.ts'],
    ['src/cli/client.ts', 'fastify'],
    ['src/app.ts', './cli/main.ts'],
    ['src/delivery/deliver.ts', '../storage/sqlite/open.ts'],
    ['src/http/body.ts', '../core/limits.ts'],
    ['src/lib/json.ts', '../core/limits.ts'],
  ];
  for (const [from, specifier] of refused) {
    it(`does not let ${from} import ${specifier}`, () => {
      const text = `// first line\nimport { a } from '${specifier}';`;
      assert.deepEqual(violations('import-direction', { [from]: text }), [`${from}:2`]);
    });
  }

  it('sees every form of import', () => {
    const forms = [
      "import type { A } from '../engine/store.ts';",
      "import { a, type B } from '../engine/store.ts';",
      "import {\n  a,\n} from '../engine/store.ts';",
      "import * as store from '../engine/store.ts';",
      'import store from "../engine/store.ts";',
      "import '../engine/store.ts';",
      "export * from '../engine/store.ts';",
      "export { a } from '../engine/store.ts';",
      "const store = await import('../engine/store.ts');",
      "type A = import('../engine/store.ts').A;",
      "new Worker(new URL('../engine/store.ts', import.meta.url));",
    ];
    for (const text of forms) {
      assert.equal(violations('import-direction', { 'src/core/a.ts': text }).length, 1, text);
    }
  });

  it('does not see what is a comment or a string', () => {
    const text = [
      "// import { a } from '../engine/store.ts';",
      "/* import '../engine/store.ts'; */",
      'const a = "import \'../engine/store.ts\'";',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the string is the source of a template
      "const b = `import '../engine/store.ts'; ${`import '../engine/store.ts'`} import '../engine/store.ts'`;",
      "const c = /import '..\\/engine\\/store.ts'/;",
    ].join('\n');
    assert.deepEqual(violations('import-direction', { 'src/core/a.ts': text }), []);
  });

  it('is not misled by quotes in regular expressions, divisions and nested templates', () => {
    const before = [
      'const a = text.replace(/[\'"`/]/g, "") / 2;',
      'const b = (1 + 2) / 3; const c = b / 4;',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the string is the source of a template
      "const d = `${[1].map((n) => ({ n: `'${n}` }))} it's`;",
      "const e = 'it\\'s'; // it's",
      'return /`/.test(a);',
    ];
    for (const line of before) {
      const text = `${line}\nimport '../engine/store.ts';`;
      assert.deepEqual(violations('import-direction', { 'src/core/a.ts': text }), ['src/core/a.ts:2'], line);
    }
  });

  it('wants every file to belong to a part', () => {
    assert.deepEqual(violations('import-direction', { 'src/helpers/a.ts': '', 'src/engine.ts': '' }), [
      'src/engine.ts:1',
      'src/helpers/a.ts:1',
    ]);
  });
});

describe('import-extension', () => {
  it('wants relative imports to name the file', () => {
    const text = "import { a } from './b';\nimport { c } from './d.js';\nimport '..';";
    assert.deepEqual(violations('import-extension', { 'src/lib/a.ts': text }), [
      'src/lib/a.ts:1',
      'src/lib/a.ts:2',
      'src/lib/a.ts:3',
    ]);
  });

  it('accepts .ts, .json, packages and URLs of folders', () => {
    const text =
      "import './b.ts'; import './c.json'; import 'node:fs'; import 'pino'; new URL('..', import.meta.url);";
    assert.deepEqual(violations('import-extension', { 'src/lib/a.ts': text }), []);
  });
});

describe('dead-file', () => {
  it('finds what main.ts does not reach, also when tests or other dead files import it', () => {
    const files = {
      'src/main.ts': "import './app.ts';",
      'src/app.ts': '',
      'src/lib/a.ts': "import './b.ts';",
      'src/lib/b.ts': "import './a.ts';",
      'src/lib/a.test.ts': "import './a.ts';",
      'test/support/server.ts': "import '../../src/lib/a.ts';",
    };
    assert.deepEqual(violations('dead-file', files), ['src/lib/a.ts:1', 'src/lib/b.ts:1']);
  });

  it('accepts threads started by URL, what bench and tools use, and contract suites that a test runs', () => {
    const files = {
      'src/main.ts': "new Worker(new URL('./storage/sqlite/writer-thread.ts', import.meta.url));",
      'src/storage/sqlite/writer-thread.ts': "import '../../lib/a.ts';",
      'src/lib/a.ts': '',
      'src/lib/b.ts': '',
      'bench/main.ts': "import '../src/lib/b.ts';",
      'src/storage/contract/profiles.ts': '',
      'src/storage/sqlite/open.test.ts': "import '../contract/profiles.ts';",
    };
    assert.deepEqual(violations('dead-file', files), []);
  });

  it('finds a contract suite that no test runs', () => {
    assert.deepEqual(violations('dead-file', { 'src/main.ts': '', 'src/storage/contract/profiles.ts': '' }), [
      'src/storage/contract/profiles.ts:1',
    ]);
  });
});

describe('named-exports', () => {
  it('refuses barrels, index files and default exports', () => {
    const files = {
      'src/lib/barrel.ts': "// all of it\nexport * from './a.ts';\nexport type { B } from './b.ts';\n",
      'src/lib/index.ts': 'export const a = 1;',
      'src/lib/standard.ts': 'const a = 1;\nexport default a;',
      'src/lib/renamed.ts': 'const a = 1;\nexport { a as default };',
    };
    assert.deepEqual(violations('named-exports', files), [
      'src/lib/barrel.ts:1',
      'src/lib/index.ts:1',
      'src/lib/renamed.ts:2',
      'src/lib/standard.ts:2',
    ]);
  });

  it('accepts a file with something of its own, and an empty one', () => {
    const files = {
      'src/lib/a.ts': "export { b } from './b.ts';\nexport const own = 1; // no export default here",
      'src/lib/index-of.ts': "export const text = 'export default';",
      'src/lib/empty.ts': '',
    };
    assert.deepEqual(violations('named-exports', files), []);
  });
});

describe('pure-core', () => {
  const impure = [
    'const now = Date.now();',
    'const now = new Date(1);',
    'const n = Math.random();',
    'const t = performance.now();',
    'export async function a() {}',
    'let p: Promise<void>;',
    'setTimeout(a, 1);',
    'const id = crypto.randomUUID();',
  ];
  for (const text of impure) {
    it(`refuses ${text}`, () => {
      assert.deepEqual(violations('pure-core', { 'src/core/a.ts': `\n${text}` }), ['src/core/a.ts:2']);
    });
  }

  it('accepts the same in comments, tests and other folders', () => {
    const text = impure.join('\n');
    const files = {
      'src/core/a.ts': `// no Date.now() here\nconst text = 'Math.random()'; const nowMs = context.nowMs;`,
      'src/core/a.test.ts': text,
      'src/engine/a.ts': text,
    };
    assert.deepEqual(violations('pure-core', files), []);
  });
});

describe('environment', () => {
  const text = "const host = process.env['RAPPORT_HOST'];";

  it('is read in no other place than main.ts, cli/main.ts and config.ts', () => {
    const files = { 'src/app.ts': text, 'src/cli/client.ts': text, 'src/lib/a.ts': text };
    assert.deepEqual(violations('environment', files), [
      'src/app.ts:1',
      'src/cli/client.ts:1',
      'src/lib/a.ts:1',
    ]);
  });

  it('may be read there and outside of the server', () => {
    const files = {
      'src/main.ts': text,
      'src/cli/main.ts': text,
      'src/config.ts': text,
      'src/lib/a.test.ts': text,
      'tools/a.ts': text,
    };
    assert.deepEqual(violations('environment', files), []);
  });
});

describe('documented-settings', () => {
  const config =
    "const host = read('RAPPORT_HOST');\nconst hostName = read('RAPPORT_HOST_NAME'); // RAPPORT_HOST";

  it('wants every setting in README.md, by its whole name', () => {
    const files = { 'src/config.ts': config, 'README.md': '`RAPPORT_HOST_NAME`' };
    assert.deepEqual(violations('documented-settings', files), ['src/config.ts:1']);
    assert.equal(violations('documented-settings', { 'src/config.ts': config }).length, 2);
    assert.equal(violations('documented-settings', { 'src/limit-settings.ts': config }).length, 2);
  });

  it('is content when they are there', () => {
    const files = { 'src/config.ts': config, 'README.md': '| RAPPORT_HOST | … |\n| RAPPORT_HOST_NAME | … |' };
    assert.deepEqual(violations('documented-settings', files), []);
  });
});

describe('markers', () => {
  it('are @NOTE and @TODO', () => {
    const text = '// TODO: later\n/*\n * FIXME */ const a = 1; // NOTE\n// @FIXME\n// XXX\n// HACK';
    const lines = violations('markers', { 'test/support/a.ts': text });
    assert.deepEqual(
      lines,
      [1, 3, 3, 4, 5, 6].map((line) => `test/support/a.ts:${line}`),
    );
  });

  it('concern comments only', () => {
    const text = "// @TODO later\n/** @NOTE why */\nconst TODO = 'FIXME XXX'; // a note";
    assert.deepEqual(violations('markers', { 'src/lib/a.ts': text }), []);
  });
});

describe('file-length', () => {
  it('is at most 300 lines, 600 in a test', () => {
    const files = {
      'src/lib/long.ts': many(301, 'a();'),
      'tools/long.js': many(301, 'a();'),
      'test/long.test.ts': many(601, 'a();'),
      'src/lib/fits.ts': many(300, 'a();'),
      'test/fits.test.ts': many(600, 'a();'),
    };
    assert.deepEqual(violations('file-length', files), [
      'src/lib/long.ts:300',
      'test/long.test.ts:600',
      'tools/long.js:300',
    ]);
  });
});

describe('file-name', () => {
  it('is kebab-case', () => {
    const files = {
      'src/core/setUp.ts': '',
      'src/Core/a.ts': '',
      'test/under_score.test.ts': '',
      'bench/a.b.ts': '',
    };
    assert.equal(violations('file-name', files).length, 4);
  });

  it('may be the name on the wire for actions and commands of a dialect', () => {
    const files = {
      'src/dialects/leanplum/actions/setUserAttributes.ts': '',
      'src/dialects/leanplum/actions/setUserAttributes.test.ts': '',
      'src/dialects/leanplum/actions/content/getVars.ts': '',
      'src/dialects/bloomreach/commands/customers-events.ts': '',
      'src/core/set-attributes.test.ts': '',
    };
    assert.deepEqual(violations('file-name', files), []);
    assert.equal(violations('file-name', { 'src/dialects/leanplum/setUser.ts': '' }).length, 1);
  });
});

describe('folder-size', () => {
  const folder = (count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, n) => [
        [`src/lib/a${n}.ts`, ''],
        [`src/lib/a${n}.test.ts`, ''],
      ]).flat(),
    );

  it('is at most 25 files besides tests', () => {
    assert.deepEqual(violations('folder-size', folder(26)), ['src/lib:1']);
    assert.deepEqual(violations('folder-size', folder(25)), []);
  });
});
