/** What a backup holds, and what a restore refuses before it touches anything. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { lockFolder } from '../storage/sqlite/lock.ts';
import { openWriter } from '../storage/sqlite/open.ts';
import { migrate, schemaVersion } from '../storage/sqlite/schema.ts';
import { makeBackup } from './make-backup.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { restoreBackup } from './restore.ts';

const scratch = mkdtempSync(join(tmpdir(), 'rapport-backup-'));
after(() => rmSync(scratch, { recursive: true }));
let folders = 0;
const newFolder = () => join(scratch, String(++folders));

/** A data folder with a database and, if wanted, sealed history files that the database names. */
function newData(historyFiles: readonly string[] = []): string {
  const folder = newFolder();
  mkdirSync(folder);
  const database = openWriter(join(folder, 'rapport.sqlite'));
  migrate(database);
  database.exec("INSERT INTO projects (name) VALUES ('Demo')");
  for (const file of historyFiles) {
    database.prepare("INSERT INTO segments VALUES (?, 1, '2026-01-01', 1, 1, 1, 1, 0, 0, '', 1)").run(file);
    const path = join(folder, 'history', file);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, `lines of ${file}`);
  }
  database.close();
  return folder;
}

function backUp(dataFolder: string, target = newFolder()): string {
  const onProgress = () => undefined;
  makeBackup({ dataFolder, target, nowMs: 1_000, version: '0.0.0', onProgress });
  return target;
}

function restore(source: string, dataFolder = newFolder()): string {
  restoreBackup({ source, dataFolder, onProgress: () => undefined });
  return dataFolder;
}

function changeManifest(backup: string, change: (manifest: Manifest) => unknown): void {
  const file = join(backup, 'manifest.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  writeFileSync(file, JSON.stringify(change(manifest) ?? manifest));
}

const files = ['1/2026-01-01/a.parquet', '1/2026-01-02/b.parquet'];

describe('a backup', () => {
  test('has every file that the database names, with its checksum, and no other', () => {
    const data = newData(files);
    writeFileSync(join(data, 'history', '1', 'nobody-names-me.parquet'), 'x');
    const backup = backUp(data);
    const manifest = readManifest(backup);
    assert.deepEqual(
      manifest.files.map((file) => file.path),
      ['rapport.sqlite', ...files.map((file) => `history/${file}`)],
    );
    for (const { path, bytes, sha256 } of manifest.files) {
      const content = readFileSync(join(backup, path));
      assert.equal(content.length, bytes);
      assert.equal(createHash('sha256').update(content).digest('hex'), sha256);
    }
    assert.equal(manifest.schema, schemaVersion);
    assert.ok(!existsSync(join(backup, 'history', '1', 'nobody-names-me.parquet')));
  });

  test('shares sealed files with the data folder where it can', () => {
    const data = newData(files);
    const backup = backUp(data);
    const path = join('history', files[0] as string);
    assert.equal(statSync(join(backup, path)).ino, statSync(join(data, path)).ino);
    const restored = restore(backup);
    assert.notEqual(statSync(join(restored, path)).ino, statSync(join(backup, path)).ino, 'a restore copies');
  });

  test('is not made when a named file is missing, and leaves nothing', () => {
    const data = newData(files);
    rmSync(join(data, 'history', files[1] as string));
    const target = newFolder();
    assert.throws(() => backUp(data, target), /lacks files/);
    assert.deepEqual(readdirSync(target), []);
  });

  test('is not made of a damaged database', () => {
    const data = newData();
    truncateSync(join(data, 'rapport.sqlite'), 8_192);
    const target = newFolder();
    assert.throws(() => backUp(data, target));
    assert.deepEqual(readdirSync(target), []);
  });

  test('tells how far it is', () => {
    const steps: string[] = [];
    makeBackup({
      dataFolder: newData(files),
      target: newFolder(),
      nowMs: 0,
      version: '0.0.0',
      onProgress: ({ step, doneBytes, totalBytes }) => {
        assert.ok(doneBytes >= 0 && doneBytes <= totalBytes, `${step} ${doneBytes} of ${totalBytes}`);
        if (steps.at(-1) !== step) steps.push(step);
      },
    });
    assert.deepEqual(steps, ['copying', 'checking', 'done']);
  });
});

describe('a restore', () => {
  test('gives back every file', () => {
    const data = newData(files);
    const restored = restore(backUp(data));
    assert.deepEqual(readdirSync(restored).sort(), ['history', 'lock.sqlite', 'rapport.sqlite']);
    for (const file of files)
      assert.equal(readFileSync(join(restored, 'history', file), 'utf8'), `lines of ${file}`);
    const database = openWriter(join(restored, 'rapport.sqlite'));
    assert.deepEqual({ ...database.prepare('SELECT name FROM projects').get() }, { name: 'Demo' });
    database.close();
    lockFolder(restored).release();
  });

  const damages: [name: string, message: RegExp, damage: (backup: string) => void][] = [
    ['no manifest', /no complete backup/, (at) => rmSync(join(at, 'manifest.json'))],
    [
      'a manifest cut short',
      /not one that this version can read/,
      (at) => truncateSync(join(at, 'manifest.json'), 50),
    ],
    [
      'a manifest of another format',
      /not one that/,
      (at) => changeManifest(at, (it) => ({ ...it, format: 2 })),
    ],
    [
      'a newer schema',
      /Use a newer version/,
      (at) => changeManifest(at, (it) => ({ ...it, schema: schemaVersion + 1 })),
    ],
    ['another schema', /has schema/, (at) => changeManifest(at, (it) => ({ ...it, schema: 0 }))],
    [
      'no database named',
      /not the database/,
      (at) => changeManifest(at, (it) => ({ ...it, files: it.files.slice(1) })),
    ],
    [
      'a file not named',
      /lacks history/,
      (at) => changeManifest(at, (it) => ({ ...it, files: it.files.slice(0, 2) })),
    ],
    [
      'a name that leads out of the folder',
      /not one that/,
      (at) =>
        changeManifest(at, (it) => ({
          ...it,
          files: [...it.files, { ...it.files[1], path: 'history/../../x' }],
        })),
    ],
    ['a missing database', /rapport\.sqlite is missing/, (at) => rmSync(join(at, 'rapport.sqlite'))],
    [
      'a missing history file',
      /a\.parquet is missing/,
      (at) => rmSync(join(at, 'history', files[0] as string)),
    ],
    [
      'one changed byte in the database',
      /checksum is wrong/,
      (at) => {
        const file = join(at, 'rapport.sqlite');
        const content = readFileSync(file);
        content[5_000] = (content[5_000] ?? 0) ^ 1;
        rmSync(file);
        writeFileSync(file, content);
      },
    ],
    [
      'a longer history file',
      /checksum is wrong/,
      (at) => {
        const file = join(at, 'history', files[0] as string);
        const content = readFileSync(file);
        rmSync(file);
        writeFileSync(file, Buffer.concat([content, content]));
      },
    ],
  ];
  for (const [name, message, damage] of damages) {
    test(`of a backup with ${name} is refused, and nothing is made`, () => {
      const backup = backUp(newData(files));
      damage(backup);
      const target = newFolder();
      assert.throws(() => restore(backup, target), message);
      assert.ok(!existsSync(target));
    });
  }

  test('of a database that is damaged although its checksum is right is refused', () => {
    const data = newData();
    const backup = backUp(data);
    const file = join(backup, 'rapport.sqlite');
    const content = readFileSync(file);
    content.fill(255, 4_096 * 2, 4_096 * 3);
    writeFileSync(file, content);
    const sha256 = createHash('sha256').update(content).digest('hex');
    changeManifest(backup, (it) => ({ ...it, files: it.files.map((entry) => ({ ...entry, sha256 })) }));
    assert.throws(() => restore(backup), /is damaged/);
  });

  const targets: [name: string, message: RegExp, prepare: (folder: string) => unknown][] = [
    ['a folder with anything in it', /is not empty/, (folder) => writeFileSync(join(folder, 'mine'), '')],
    [
      'an unfinished restore',
      /did not finish/,
      (folder) => writeFileSync(join(folder, 'rapport.sqlite.restoring'), ''),
    ],
    ['a folder in use', /is in use by/, (folder) => lockFolder(folder)],
  ];
  for (const [name, message, prepare] of targets) {
    test(`into ${name} is refused, and it stays as it is`, () => {
      const backup = backUp(newData());
      const target = newFolder();
      mkdirSync(target);
      prepare(target);
      const before = readdirSync(target);
      assert.throws(() => restore(backup, target), message);
      assert.deepEqual(readdirSync(target), before);
    });
  }

  test('into a file is refused; into an empty folder it goes', () => {
    const backup = backUp(newData());
    const file = newFolder();
    writeFileSync(file, '');
    assert.throws(() => restore(backup, file), /is not a folder/);
    const empty = newFolder();
    mkdirSync(empty);
    assert.ok(existsSync(join(restore(backup, empty), 'rapport.sqlite')));
  });
});
