import type { AttributeEdit } from '../../core/attribute-edits.ts';
import type { DeviceFacts, Entries } from '../../core/command.ts';
import type { Profile } from '../../core/profile.ts';
import type { Json } from '../../lib/json.ts';
import { type Fault, faults } from './fault.ts';
import { factLengthMax, listMax } from './limits.ts';
import { booleanOf, isFault, numberOf, type Parameters, readTexts, textOf } from './parameters.ts';
import { detect, type Origin } from './rules/detect.ts';

/** What `start` and `setUserAttributes` may say of a user beside his attributes (contract 2.2, 2.3). */
const userFacts = ['locale', 'country', 'region', 'city', 'location', 'locationAccuracyType', 'timezone'];

/** What is known of a device, by the name under which it is exported; SDKs call the app's version `versionName`. */
const deviceFacts: readonly (readonly [given: string, name: string])[] = [
  ['versionName', 'appVersion'],
  ...[
    'appVersion',
    'systemName',
    'systemVersion',
    'browserName',
    'browserVersion',
    'deviceName',
    'deviceModel',
    'iosPushToken',
    'gcmRegistrationId',
    'webPushSubscription',
    'huaweiPushRegId',
    'iosPushTypes',
    'iosPushCategories',
    'limitTracking',
    'richPushEnabled',
    'installDate',
    'updateDate',
  ].map((name) => [name, name] as const),
];

/** SDKs send these as JSON or as words in any letter case; they are kept as `true` or `false`. */
const switches: ReadonlySet<string> = new Set(['limitTracking', 'richPushEnabled']);

/**
 * What a call says of its user. What is to be detected and cannot be is left out, so what is stored stays; whatever is
 * said outright wins (contract 2.2 `start`).
 */
export function readUserFacts(parameters: Parameters, origin: Origin, warnings: string[]): Entries | Fault {
  const facts: [string, Json][] = [];
  for (const name of userFacts) {
    let text = readText(parameters, name);
    if (isFault(text)) return text;
    if (text === detect) text = detectFact(name, origin);
    if (name === 'locationAccuracyType') text = readAccuracy(text, facts, warnings);
    if (text !== undefined) facts.push([name, text]);
  }
  const offset = numberOf(parameters, 'timezoneOffsetSeconds');
  if (isFault(offset)) return offset;
  if (offset !== undefined) facts.push(['timezoneOffsetSeconds', offset]);
  return facts;
}

/** A place is known by the caller's address; his locale by what his browser asks for. */
function detectFact(name: string, origin: Origin): string | undefined {
  switch (name) {
    case 'country':
    case 'region':
    case 'city':
    case 'location':
      return origin.place?.[name];
    case 'locale':
      return origin.locale;
    default:
      return undefined;
  }
}

const accuracies = ['IP', 'CELL', 'GPS'];

/** How exact a location is belongs to it: one that comes without is as exact as an address. */
function readAccuracy(
  text: string | undefined,
  facts: readonly (readonly [name: string, value: Json])[],
  warnings: string[],
): string | undefined {
  if (text === undefined) return facts.some(([name]) => name === 'location') ? 'IP' : undefined;
  const accuracy = text.toUpperCase();
  if (accuracies.includes(accuracy)) return accuracy;
  warnings.push("'locationAccuracyType' is invalid; skipped.");
  return undefined;
}

/** What a call says of one device. */
export function readDeviceFacts(
  parameters: Parameters,
  device: string | undefined,
): readonly DeviceFacts[] | Fault {
  if (device === undefined) return [];
  const facts: [string, Json][] = [];
  for (const [given, name] of deviceFacts) {
    const text = readText(parameters, given);
    if (isFault(text)) return text;
    if (text !== undefined) facts.push([name, switches.has(name) ? String(booleanOf(text)) : text]);
  }
  return facts.length === 0 ? [] : [{ device, facts }];
}

/** Opting out of channels and categories: edits of two sets. */
export function readUnsubscriptions(parameters: Parameters): AttributeEdit[] | Fault {
  const edits: AttributeEdit[] = [];
  for (const name of ['unsubscribeCategories', 'unsubscribeChannels']) {
    for (const op of ['add', 'remove'] as const) {
      const parameter = `${name}To${op === 'add' ? 'Add' : 'Remove'}`;
      const values = readTexts(parameters, parameter, listMax);
      if (isFault(values)) return values;
      if (values.length > 0) edits.push({ op, name, values });
    }
  }
  return edits;
}

/** The members of `exportUser` that stand beside attributes and counters (contract 2.10). */
export function describeFacts({ facts, devices, identities }: Profile): { [name: string]: unknown } {
  const known = (name: string) => facts.get(name)?.[1] ?? undefined;
  const categories = known('unsubscribeCategories');
  return {
    ...Object.fromEntries([...userFacts, 'timezoneOffsetSeconds'].map((name) => [name, known(name)])),
    unsubscribeChannels: known('unsubscribeChannels') ?? [],
    unsubscribeCategories: Array.isArray(categories)
      ? categories.map((id) => ({ id: toCategoryId(id) }))
      : [],
    devices: identities
      .filter((it) => it.kind === 'device')
      .map(({ id, value }) => {
        const fields = Array.from(devices.get(id)?.values() ?? [], ([name, text]) => [name, text]);
        return { deviceId: value, ...Object.fromEntries(fields) };
      }),
  };
}

/** Ids of categories are numbers; whatever else was given as one is shown as it was given. */
function toCategoryId(id: Json): Json {
  return Number.isFinite(Number(id)) ? Number(id) : id;
}

function readText(parameters: Parameters, name: string): string | undefined | Fault {
  const value = parameters[name];
  if (value === undefined || value === null || value === '') return undefined;
  // iOS sends JSON where it could send text.
  const text = textOf(value) ?? JSON.stringify(value);
  return text.length > factLengthMax ? faults.tooLong(name, factLengthMax) : text;
}
