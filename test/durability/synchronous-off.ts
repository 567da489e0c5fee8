/**
 * Preloaded into a server (`--import`), it turns off the sync of SQLite behind the server's back, so that a test can show
 * that it would notice. The server itself offers no such switch.
 */
import { DatabaseSync } from 'node:sqlite';

const { exec, prepare } = DatabaseSync.prototype;

DatabaseSync.prototype.exec = function (sql) {
  return exec.call(this, withoutSync(sql));
};

DatabaseSync.prototype.prepare = function (sql, ...options) {
  return prepare.call(this, withoutSync(sql), ...options);
};

function withoutSync(sql: string): string {
  return sql.replace(/(PRAGMA\s+synchronous\s*=\s*)\w+/gi, '$1OFF');
}
