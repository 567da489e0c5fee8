import { setFlagsFromString } from 'node:v8';
import { pino } from 'pino';
import type { App } from './app.ts';
import { readSettings, unknownSettings } from './config.ts';
import { describeExamples, describeKeys } from './operations/first-project.ts';
import { buildLog } from './operations/log.ts';

/**
 * Threads that do what would block: bodies are unpacked on them, files synced, and every call of DuckDB holds one to its
 * end, six at most (docs/decisions/0044). The default of four would let requests wait behind a report.
 */
const poolThreads = '10';
// Read when the pool is first used, so before anything else.
process.env['UV_THREADPOOL_SIZE'] ??= poolThreads;

// Objects are new for the collector wherever they are made. By itself V8 makes those of a place old at once when most from
// there lived long, as after one slow minute, and whatever such an object holds outlives its request (docs/decisions/0112).
setFlagsFromString('--no-allocation-site-pretenuring');

/** How long answers may take to leave after a fatal error. */
const lastWordsMs = 500;

const log = buildLog(pino.destination(2));

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  // Not refused: where it runs, others may set such names for their own ends, such as the address of a service.
  for (const name of unknownSettings(process.env)) log.warn({ name }, 'there is no setting of this name');
  // After the settings: a wrong one is told before the server is loaded.
  const { startApp } = await import('./app.ts');
  const app = await startApp({
    settings,
    log,
    clock: preciseNow,
    onFirstStart: (project) => say(describeKeys(project)),
    onFatal: (error) => die(error),
  });
  // A terminal or supervisor may signal the whole process group, and a launcher forward it once more.
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!stopping) stop(app);
      stopping = true;
    });
  }
  if (app.created !== undefined) say(describeExamples(app.created, app.address));
  say(`Rapport is ready at ${app.address}`);
}

/** How far the precise clock may be from the wall clock before it follows a step of it. */
const clockStepMs = 20;
let origin = performance.timeOrigin;

/** Milliseconds since 1970 with a fraction. */
function preciseNow(): number {
  const precise = origin + performance.now();
  if (Math.abs(precise - Date.now()) < clockStepMs) return precise;
  origin = Date.now() - performance.now();
  return Date.now();
}

function say(...texts: string[]): void {
  process.stdout.write(`${texts.join('\n')}\n`);
}

function stop(app: App): void {
  app.stop().then(
    () => process.exit(0),
    (error) => die(error),
  );
}

/** Ends with an error, after the answers that are on their way. */
function die(error: unknown): void {
  log.fatal({ err: error }, 'cannot go on; the next start reads the disk');
  process.exitCode = 1;
  setTimeout(() => process.exit(1), lastWordsMs);
}

process.on('unhandledRejection', die);
process.on('uncaughtException', die);

main().catch((error: unknown) => {
  // What an operator can mend is one line; anything else is a bug and shows where.
  const mendable =
    error instanceof Error && ['SettingError', 'FolderInUse', 'DeclarationConflict'].includes(error.name);
  const text = mendable ? (error as Error).message : ((error as Error).stack ?? String(error));
  process.stderr.write(`Rapport cannot start: ${text}\n`);
  process.exit(1);
});
