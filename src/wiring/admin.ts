import { resolve } from 'node:path';
import { startAdmin } from '../admin/server.ts';
import { Backups } from '../backup/backups.ts';
import { SettingError } from '../config.ts';
import type { Line } from '../core/line.ts';
import { historyOf, type Profile } from '../core/profile.ts';
import { readPages } from '../engine/history-pages.ts';
import type { History } from '../engine/store.ts';
import { Rate } from '../lib/rate.ts';
import { measureDisk } from '../operations/disk.ts';
import { readVersion } from '../operations/version.ts';
import { schemaVersion } from '../storage/sqlite/schema.ts';
import type { Server, ServerParts } from './server.ts';

/** How often what is counted is sampled, for rates and quantiles. */
const sampleEveryMs = 1_000;
/** Samples that the rate of items looks back. */
const itemRateSlots = 10;

/** Pages of a profile's history in one answer, which is one text: more than one only where lines are large. */
const newestPagesMax = 8;

/** See `AdminParts.newestLines`. */
async function readNewest(
  history: History,
  profile: Profile,
  limit: number,
): Promise<readonly Line[] | undefined> {
  const { project, lastEvent: upTo } = profile;
  const lines: Line[] = [];
  let pages = 0;
  const wanted = { project, profiles: historyOf(profile), upTo, by: 'id', order: 'desc', limit } as const;
  for await (const page of readPages(history, wanted)) {
    pages += 1;
    if (pages > newestPagesMax) return undefined;
    lines.push(...page);
  }
  return lines;
}

/** The operator's side: the admin API, what it measures, and backups. */
export async function openAdmin(
  { settings: { dataFolder }, engine, store, history, lookups, projects, secrets, clock, log }: ServerParts,
  { address, meter }: Pick<Server, 'address' | 'meter'>,
): Promise<{ stop(): Promise<void> }> {
  const itemRate = new Rate(itemRateSlots);
  const sampling = setInterval(() => {
    meter.tick(clock());
    itemRate.sample(engine.totals.items, clock());
  }, sampleEveryMs);
  const version = readVersion();
  const onError = (error: unknown) => log.error({ err: error }, 'a backup failed');
  const backups = new Backups({ dataFolder, version, clock, onError });
  const facts = { version, node: process.version, schema: schemaVersion, pid: process.pid };
  const admin = await startAdmin(
    {
      engine,
      projects,
      store,
      seal: (secret) => secrets.seal(secret),
      newestLines: (profile, limit) => readNewest(history, profile, limit),
      query: async (sql) => {
        const { columns, rows, truncated } = await history.query(sql);
        return { columns: [...columns], rows: rows.map((row) => [...row]), truncated };
      },
      backups,
      server: { ...facts, address, dataFolder: resolve(dataFolder), startedMs: Math.floor(clock()) },
      requests: meter,
      lookups,
      itemRate,
      measureDisk: () => measureDisk(dataFolder),
      historyLag: () => ({ lines: history.metrics.waitingLines, seconds: history.metrics.lagSeconds }),
      clock,
    },
    log,
  ).catch((error: Error) => {
    throw new SettingError(`${error.message} (RAPPORT_DATA is ${dataFolder})`);
  });
  return {
    stop: async () => {
      clearInterval(sampling);
      await backups.stop();
      await admin.stop();
    },
  };
}
