import { type Limits, limitSettings } from './limit-settings.ts';

/** A setting is missing or wrong; the message names it. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}

export interface Settings {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly dataFolder: string;
  /** A JSON file that declares projects and keys. */
  readonly bootstrapFile: string | undefined;
  /** Origins whose pages may call the Bloomreach API from a browser. */
  readonly corsOrigins: readonly string[];
  /** Production keys of Leanplum may say `devMode=true`. */
  readonly productionKeyDevMode: boolean;
  /** Whether the routes of older Bloomreach clients and of its web SDK are served; they ask for no key. */
  readonly legacyApi: boolean;
  /** Whether the Data Hub's names for the tracking routes are served. */
  readonly streamApi: boolean;
  /** Lines kept in memory before they are sealed into files. */
  readonly historyLines: number;
  readonly accessLog: boolean;
  /** Whose Leanplum requests in development mode are limited to one a second and user. */
  readonly devModeLimit: 'off' | 'api' | 'all';
  /** Addresses and ranges of proxies whose X-Forwarded-For counts. */
  readonly trustedProxies: readonly string[];
  /** A file in MaxMind's format, `off`, or undefined: the one that comes with us. */
  readonly geoipDatabase: string | undefined;
  /** In which Leanplum revenue is counted. */
  readonly currency: string;
  /** A JSON file. */
  readonly currencyRatesFile: string | undefined;
  /** Leanplum events of more than a year ago are kept at their time. */
  readonly historicalData: boolean;
  /** Requests to the Bloomreach API per minute and client address; undefined: as many as come. */
  readonly bloomreachRateLimit: number | undefined;
  /** Of what the APIs take. */
  readonly limits: Limits;
}

/** Every setting but the limits, as `docs/operating/settings.md` shows it (a test compares). */
export const settingDocs = {
  RAPPORT_HOST: {
    default: '127.0.0.1',
    meaning: 'Address to listen on. `0.0.0.0` or `::` for all; put a proxy that speaks TLS before it.',
  },
  RAPPORT_PORT: {
    default: '8080',
    meaning: 'Port to listen on; `0` takes any free one and prints it.',
  },
  RAPPORT_DATA: {
    default: './data',
    meaning:
      'Data folder, made when it is not there; one server at a time. The command line tool reads it too.',
  },
  RAPPORT_BOOTSTRAP: {
    default: '',
    meaning:
      'A JSON file that declares projects and keys, applied at each start. What is so already stays; a revoked key stays revoked.',
  },
  RAPPORT_CORS_ORIGINS: {
    default: '',
    meaning:
      'Origins whose pages may call the Bloomreach API from a browser, separated by commas; `*` for all, but without cookies: name those with the web SDK. The Leanplum API allows every origin.',
  },
  RAPPORT_LEGACY_API: {
    default: 'on',
    meaning:
      '`off` removes the routes of older Bloomreach clients and of its web SDK (`/bulk`, `/crm/…`). They ask for no key: whoever knows a project token may write.',
  },
  RAPPORT_STREAM_API: {
    default: 'on',
    meaning: "`off` removes the Data Hub's names of the tracking routes (`/track/u/v1/…`, `…/streams/…`).",
  },
  RAPPORT_PRODUCTION_KEY_DEV_MODE: {
    default: 'refuse',
    meaning:
      'What becomes of Leanplum calls that say `devMode=true` with a production key: `refuse` (403) or `allow`.',
  },
  RAPPORT_HISTORY_LINES: {
    default: '250000',
    meaning:
      'Lines of history kept in memory before they are sealed into a file; fewer cost less memory and make smaller files.',
  },
  RAPPORT_DEV_MODE_LIMIT: {
    default: 'api',
    meaning:
      'Whose Leanplum requests with `devMode=true` are limited to one a second and user (`RAPPORT_DEV_MODE_INTERVAL_MS`): `api` those of callers that are no SDK, `all`, or `off`.',
  },
  RAPPORT_BLOOMREACH_RATE_LIMIT: {
    default: 'off',
    meaning:
      'Requests to the Bloomreach API per minute from one client address; more are answered 429. `off`: no limit. The vendor has 6000.',
  },
  RAPPORT_ACCESS_LOG: {
    default: 'off',
    meaning:
      '`on` writes one line for each request: request id, method, route, status, milliseconds; never a query string, a key or a body.',
  },
  RAPPORT_TRUSTED_PROXIES: {
    default: '',
    meaning:
      'Proxies before the server, separated by commas: addresses, ranges (`10.0.0.0/8`) or `loopback`, `linklocal`, `uniquelocal`. Only what these write into `X-Forwarded-For` counts, from right to left.',
  },
  RAPPORT_GEOIP_DATABASE: {
    default: '',
    meaning:
      'An `.mmdb` file (MaxMind format, places by address) to use for `(detect)` in place of the DB-IP Lite that is installed with the server; `off` detects no places.',
  },
  RAPPORT_CURRENCY: {
    default: 'USD',
    meaning: 'ISO 4217 code in which Leanplum `track` values are kept.',
  },
  RAPPORT_CURRENCY_RATES: {
    default: '',
    meaning: 'A JSON file with exchange rates for Leanplum purchases in other currencies; never fetched.',
  },
  RAPPORT_HISTORICAL_DATA: {
    default: 'off',
    meaning:
      '`on` keeps the times of Leanplum events of more than 365 days ago, for loading old data; `off` moves them to now, with a warning.',
  },
} as const;

/** Names in the environment that look like settings and are none. */
export function unknownSettings(environment: Readonly<Record<string, string | undefined>>): string[] {
  const limits = Object.values(limitSettings).map((it) => it.setting);
  const known = new Set<string>([...Object.keys(settingDocs), ...limits]);
  return Object.keys(environment).filter((name) => name.startsWith('RAPPORT_') && !known.has(name));
}

/** Reads the settings from the environment. Throws `SettingError`. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const get = (name: keyof typeof settingDocs) => environment[name] || settingDocs[name].default;
  return {
    host: get('RAPPORT_HOST'),
    port: readPort(get('RAPPORT_PORT')),
    dataFolder: get('RAPPORT_DATA'),
    bootstrapFile: get('RAPPORT_BOOTSTRAP') || undefined,
    corsOrigins: readOrigins(get('RAPPORT_CORS_ORIGINS')),
    productionKeyDevMode: readRefusal(
      'RAPPORT_PRODUCTION_KEY_DEV_MODE',
      get('RAPPORT_PRODUCTION_KEY_DEV_MODE'),
    ),
    legacyApi: readSwitch('RAPPORT_LEGACY_API', get('RAPPORT_LEGACY_API')),
    streamApi: readSwitch('RAPPORT_STREAM_API', get('RAPPORT_STREAM_API')),
    historyLines: readLines(get('RAPPORT_HISTORY_LINES')),
    devModeLimit: readDevModeLimit(get('RAPPORT_DEV_MODE_LIMIT')),
    bloomreachRateLimit: readRateLimit(get('RAPPORT_BLOOMREACH_RATE_LIMIT')),
    accessLog: readSwitch('RAPPORT_ACCESS_LOG', get('RAPPORT_ACCESS_LOG')),
    trustedProxies: readList(get('RAPPORT_TRUSTED_PROXIES')),
    geoipDatabase: get('RAPPORT_GEOIP_DATABASE') || undefined,
    currency: readCurrency(get('RAPPORT_CURRENCY')),
    currencyRatesFile: get('RAPPORT_CURRENCY_RATES') || undefined,
    historicalData: readSwitch('RAPPORT_HISTORICAL_DATA', get('RAPPORT_HISTORICAL_DATA')),
    limits: readLimits(environment),
  };
}

function readLines(text: string): number {
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text);
  throw new SettingError(`RAPPORT_HISTORY_LINES must be a number from 1 to 99999999, not '${text}'`);
}

function readLimits(environment: Readonly<Record<string, string | undefined>>): Limits {
  const limits = Object.entries(limitSettings).map(([limit, { setting, default: value, min, max }]) => {
    const text = environment[setting] || String(value);
    if (!/^\d{1,8}$/.test(text) || Number(text) < min || Number(text) > max)
      throw new SettingError(`${setting} must be a number from ${min} to ${max}, not '${text}'`);
    return [limit, Number(text) || Number.POSITIVE_INFINITY];
  });
  return Object.fromEntries(limits) as Limits;
}

function readDevModeLimit(text: string): Settings['devModeLimit'] {
  if (text === 'off' || text === 'api' || text === 'all') return text;
  throw new SettingError(`RAPPORT_DEV_MODE_LIMIT must be off, api or all, not '${text}'`);
}

function readRateLimit(text: string): number | undefined {
  if (text === 'off') return undefined;
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text);
  throw new SettingError(
    `RAPPORT_BLOOMREACH_RATE_LIMIT must be off or a number from 1 to 99999999, not '${text}'`,
  );
}

function readSwitch(name: string, text: string): boolean {
  if (text !== 'on' && text !== 'off') throw new SettingError(`${name} must be on or off, not '${text}'`);
  return text === 'on';
}

/** Whether it is allowed. */
function readRefusal(name: string, text: string): boolean {
  if (text !== 'refuse' && text !== 'allow') {
    throw new SettingError(`${name} must be refuse or allow, not '${text}'`);
  }
  return text === 'allow';
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) {
    throw new SettingError(`RAPPORT_PORT must be a number from 0 to 65535, not '${text}'`);
  }
  return port;
}

function readCurrency(text: string): string {
  if (/^[A-Z]{3}$/.test(text)) return text;
  throw new SettingError(`RAPPORT_CURRENCY must be three capital letters such as USD, not '${text}'`);
}

function readList(text: string): string[] {
  return text
    .split(',')
    .map((it) => it.trim())
    .filter((it) => it !== '');
}

function readOrigins(text: string): string[] {
  const origins = readList(text);
  const wrong = origins.find((it) => it !== '*' && URL.parse(it)?.origin !== it);
  if (wrong === undefined) return origins;
  throw new SettingError(
    `RAPPORT_CORS_ORIGINS must list origins such as https://shop.example, not '${wrong}'`,
  );
}
