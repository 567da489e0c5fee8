import { availableParallelism } from 'node:os';
import { DuckDBInstance } from '@duckdb/node-api';
import { lowerPoolPriority } from '../../lib/pool-priority.ts';
import { temporaryFolder } from './folders.ts';
import { memoryLimit, niceness, temporaryLimit, threadsMax } from './limits.ts';

/**
 * A database in memory that may open the files of `folder` and nothing else, whatever SQL it is given, and whose
 * settings nobody can change any more. Nothing is ever downloaded. From now on its threads, and the pool's, which it calls
 * from, stand behind those that serve requests.
 */
export async function openDuck(folder: string): Promise<DuckDBInstance> {
  const database = await DuckDBInstance.create(':memory:', {
    threads: String(Math.min(threadsMax, availableParallelism())),
    memory_limit: memoryLimit,
    temp_directory: temporaryFolder(folder),
    max_temp_directory_size: temporaryLimit,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  });
  const connection = await database.connect();
  // Without GLOBAL they would hold for this one connection.
  await connection.run(`
    SET GLOBAL parquet_metadata_cache = true;
    SET GLOBAL TimeZone = 'UTC';
    SET allowed_directories = [${quote(folder)}];
    SET enable_external_access = false;
    SET lock_configuration = true;
  `);
  connection.closeSync();
  lowerPoolPriority(niceness);
  return database;
}

/** A text as SQL. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
