import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { type App, startApp } from '../../src/app.ts';
import { readSettings } from '../../src/config.ts';
import { bootstrap } from './demo-project.ts';

/** The server inside this process, on a folder of its own and with a clock that the test moves. */
export function startAppOn(
  folder: string,
  clock: () => number,
  environment: Record<string, string> = {},
): Promise<App> {
  const bootstrapFile = join(folder, 'bootstrap.json');
  writeFileSync(bootstrapFile, JSON.stringify(bootstrap));
  return startApp({
    settings: readSettings({
      RAPPORT_PORT: '0',
      RAPPORT_DATA: join(folder, 'data'),
      RAPPORT_BOOTSTRAP: bootstrapFile,
      ...environment,
    }),
    log: pino({ enabled: false }),
    clock,
    onFirstStart: () => undefined,
    onFatal: (error) => assert.fail(error as Error),
  });
}
