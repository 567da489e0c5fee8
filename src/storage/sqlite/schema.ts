import type { DatabaseSync } from 'node:sqlite';

/**
 * Numbered, never edited, one transaction each. Every page written counts: no table or index here changes with every
 * item, and the columns that are searched stand before the large ones.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE projects (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    leanplum_app TEXT UNIQUE,
    bloomreach_token TEXT UNIQUE
  );

  -- One row per credential. 'hash' is SHA-256 of the secret part; a private Bloomreach key also has a public 'key_id'.
  CREATE TABLE keys (
    hash BLOB NOT NULL,
    project_id INTEGER NOT NULL REFERENCES projects(id),
    class TEXT NOT NULL,
    key_id TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (project_id, class, key_id, hash)
  ) WITHOUT ROWID;

  CREATE TABLE profiles (
    id INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL,
    doc TEXT NOT NULL
  );

  CREATE TABLE identities (
    project_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    id INTEGER NOT NULL,
    profile_id INTEGER NOT NULL,
    PRIMARY KEY (project_id, kind, value)
  ) WITHOUT ROWID;

  -- The lines of one commit and project. 'id' is the id of the first line, so blocks are in the order of apply.
  CREATE TABLE blocks (
    id INTEGER PRIMARY KEY,
    last_id INTEGER NOT NULL,
    project_id INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    body BLOB NOT NULL
  );

  CREATE TABLE idempotency (
    key TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    doc TEXT NOT NULL
  ) WITHOUT ROWID;

  -- One row, rewritten by the readiness check to prove that a write reaches the disk.
  CREATE TABLE probe (id INTEGER PRIMARY KEY CHECK (id = 1), at_ms INTEGER NOT NULL);
  `,
  `
  -- One row: every row of 'profiles' holds all lines up to this one; younger blocks are folded onto them at start.
  CREATE TABLE rows_up_to (id INTEGER PRIMARY KEY CHECK (id = 1), line INTEGER NOT NULL);
  INSERT INTO rows_up_to (id, line) SELECT 1, coalesce(max(last_id), 0) FROM blocks;
  `,
  `
  -- When a profile has to be looked at again. In the order of time, so that new ones fill one page after the other and
  -- those that are done with empty one after the other.
  CREATE TABLE timers (
    due_ms INTEGER NOT NULL,
    profile_id INTEGER NOT NULL,
    project_id INTEGER NOT NULL,
    PRIMARY KEY (due_ms, profile_id)
  ) WITHOUT ROWID;
  `,
  `
  -- Users looked up by API calls, by day (UTC). Changed every few seconds at most, whatever the load.
  CREATE TABLE lookups (
    project_id INTEGER NOT NULL,
    day TEXT NOT NULL,
    users INTEGER NOT NULL,
    PRIMARY KEY (project_id, day)
  ) WITHOUT ROWID;
  `,
  `
  -- The files that make up the sealed history; a file that is not named here does not exist (decision 40).
  CREATE TABLE segments (
    file TEXT PRIMARY KEY,
    project_id INTEGER NOT NULL,
    day TEXT NOT NULL,
    from_id INTEGER NOT NULL,
    to_id INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    min_time REAL NOT NULL,
    max_time REAL NOT NULL,
    sha256 TEXT NOT NULL
  ) WITHOUT ROWID;

  -- One row: lines of blocks up to 'block_id' are in those files, and in blocks no more as far as anybody who reads knows.
  CREATE TABLE sealed (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    block_id INTEGER NOT NULL,
    last_id INTEGER NOT NULL
  );
  `,
  `
  -- Unknown for keys from before. A revoked key stays as a row, so that no declaration brings it back.
  ALTER TABLE keys ADD COLUMN created_ms INTEGER;
  ALTER TABLE keys ADD COLUMN revoked_ms INTEGER;
  `,
  `
  -- Lines that are not part of the history any more (design D15): hidden from the commit on, taken out of the files later.
  -- A row stays as the receipt: when it was asked, when it was done, how many lines in how many files.
  CREATE TABLE erased (
    id INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL,
    profile_id INTEGER NOT NULL,
    up_to INTEGER NOT NULL,
    scope TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    done_ms INTEGER,
    files INTEGER NOT NULL DEFAULT 0,
    lines INTEGER NOT NULL DEFAULT 0
  );
  CREATE INDEX erased_pending ON erased (id) WHERE done_ms IS NULL;
  `,
  `
  -- What belongs to a project and to no profile, in parts that change together; developers change it, not users.
  CREATE TABLE contents (
    project_id INTEGER NOT NULL,
    part TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (project_id, part)
  );
  `,
  `
  -- Catalogs of the Bloomreach side. 'generation' names the items a catalog has now: with a new one it is empty.
  CREATE TABLE catalogs (
    id TEXT PRIMARY KEY,
    project_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    is_product INTEGER NOT NULL,
    fields TEXT NOT NULL,
    generation INTEGER NOT NULL UNIQUE,
    items INTEGER NOT NULL,
    UNIQUE (project_id, name)
  ) WITHOUT ROWID;

  CREATE TABLE catalog_items (
    row INTEGER PRIMARY KEY,
    generation INTEGER NOT NULL,
    item_id TEXT NOT NULL,
    doc TEXT NOT NULL,
    UNIQUE (generation, item_id)
  );

  -- Generations that no catalog has any more, whose items are still to be removed.
  CREATE TABLE catalog_garbage (generation INTEGER PRIMARY KEY);
  `,
  `
  -- JSON; null: what the class had before there were permissions. 'sealed' is the secret of a private key, encrypted.
  ALTER TABLE keys ADD COLUMN permissions TEXT;
  ALTER TABLE keys ADD COLUMN sealed BLOB;
  -- Set by a rotation: the secret before it goes on until then.
  ALTER TABLE keys ADD COLUMN expires_ms INTEGER;
  -- JSON; what is left out is as the version has it.
  ALTER TABLE projects ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
  `,
  `
  -- Bytes. Files from before may have lines of any length.
  ALTER TABLE segments ADD COLUMN longest_line INTEGER NOT NULL DEFAULT 1000000000;
  `,
  `
  -- The 'body' of a small block is text from here on.
  `,
  `
  -- In slices, so that new records are written next to each other; the newest record of a key is the one.
  CREATE TABLE sliced (
    slice INTEGER NOT NULL,
    key TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (slice, key)
  ) WITHOUT ROWID;
  INSERT INTO sliced (slice, key, at_ms, doc) SELECT 1, key, at_ms, doc FROM idempotency;
  DROP TABLE idempotency;
  ALTER TABLE sliced RENAME TO idempotency;
  `,
];

/** The newest schema this version knows. */
export const schemaVersion = migrations.length;

/** Brings the database to this version; refuses one that a newer version has changed. */
export function migrate(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    const row = database.prepare('PRAGMA user_version').get() as { user_version: number };
    if (row.user_version > migrations.length) {
      throw new Error(
        `The data folder has schema ${row.user_version}; this version of Rapport knows ${migrations.length}. Use a newer version.`,
      );
    }
    for (const migration of migrations.slice(row.user_version)) database.exec(migration);
    database.exec(`PRAGMA user_version = ${migrations.length}`);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
