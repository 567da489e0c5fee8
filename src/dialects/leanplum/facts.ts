import type { AttributeEdit } from '../../core/attribute-edits.ts';
import type { DeviceFacts, Entries } from '../../core/command.ts';
import type { Profile } from '../../core/profile.ts';
import type { Json } from '../../lib/json.ts';
import { type Fault, faults } from './fault.ts';
import { factLengthMax, listMax } from './limits.ts';
import { isFault, numberOf, type Parameters, readTexts, textOf } from './parameters.ts';

/** What `start` and `setUserAttributes` may say of a user beside his attributes (contract 2.2, 2.3). */
const userFacts = ['locale', 'country', 'region', 'city', 'location', 'locationAccuracyType', 'timezone'];

/** What is known of a device, by the name under which it is exported; SDKs call the app's version `versionName`. */
const deviceFacts = new Map([
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
  ].map((name) => [name, name] as const),
]);

/** Asks the server to find out by the caller's address; what cannot be found out stays as it is (contract 2.2). */
const detect = '(detect)';

export function readUserFacts(parameters: Parameters): Entries | Fault {
  const facts: [string, Json][] = [];
  for (const name of userFacts) {
    const text = readText(parameters, name);
    if (isFault(text)) return text;
    if (text === undefined || text === detect) continue;
    facts.push([name, name === 'locationAccuracyType' ? text.toUpperCase() : text]);
  }
  const offset = numberOf(parameters, 'timezoneOffsetSeconds');
  if (isFault(offset)) return offset;
  if (offset !== undefined) facts.push(['timezoneOffsetSeconds', offset]);
  return facts;
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
    if (text !== undefined) facts.push([name, text]);
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
