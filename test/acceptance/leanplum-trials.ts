/** What can be wrong with one action of the Leanplum API, beside what can be wrong with all of them. */
export interface Trial {
  /** What a well-formed call has beside its user. */
  readonly good: Params;
  /** The element for an unknown user under CreateNever; left out: he is skipped. */
  readonly unknown?: Params;
  /** The element when nobody is named; left out: refused. */
  readonly nobody?: Params;
  /** Parameters over the good ones, the message, and the status of the call alone when it is not 400. */
  readonly bad: readonly (readonly [params: Params, message: string, status?: number])[];
  /** What is accepted with a word about it and changes nothing: parameters over the good ones, and the element. */
  readonly skips?: readonly (readonly [params: Params, element: Params])[];
}

export type Params = Readonly<Record<string, unknown>>;

export const skipped = { success: true, warning: { message: 'User not found; request skipped.' } };

const content = {
  vars: {},
  messages: {},
  variants: [],
  regions: {},
  interfaceRules: [],
  interfaceEvents: [],
};

// --- Values that are none -------------------------------------------------------------------------------------------

const long = 'x'.repeat(139);
const deep = JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`) as unknown;

function entries(count: number): Params {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, index]));
}

/** Not an object and not the text of one. */
function notAnObject(name: string): Trial['bad'] {
  return [5, true, [1], '[1]', '{"a":', 'text'].map((value) => [{ [name]: value }, `'${name}' is invalid.`]);
}

function warned(message: string): Params {
  return { success: true, warning: { message } };
}

function notAText(name: string): Trial['bad'] {
  return [true, {}, ['a']].map((value) => [{ [name]: value }, `'${name}' is invalid.`]);
}

function notANumber(name: string): Trial['bad'] {
  return ['much', true, {}, [1]].map((value) => [{ [name]: value }, `'${name}' is invalid.`]);
}

/** A map of names and values, each of which may be too long, too deep or too large, and all of them too many. */
function badEntries(parameter: string, kind: string, max: number): Trial['bad'] {
  return [
    ...notAnObject(parameter),
    [{ [parameter]: { '': 1 } }, `${kind} '' name is invalid.`],
    [{ [parameter]: { [`${long}y`]: 1 } }, `${kind} '${long}' name is invalid.`],
    [{ [parameter]: { deep } }, `${kind} 'deep' value is invalid.`],
    [
      { [parameter]: { big: 'б'.repeat(8193) } },
      `'${parameter}' has a value of more than 16384 bytes: 'big'.`,
    ],
    [{ [parameter]: entries(max + 1) }, `'${parameter}' must have at most ${max} entries.`],
  ];
}

/** A fact about a user or device: text, kept as JSON when it is something else. */
function longFact(name: string): Trial['bad'] {
  return [[{ [name]: 'x'.repeat(4097) }, `'${name}' must have at most 4096 characters.`]];
}

function badList(name: string): Trial['bad'] {
  return [
    [{ [name]: {} }, `'${name}' is invalid.`],
    [{ [name]: [['a']] }, `'${name}' is invalid.`],
    [{ [name]: '["a"' }, `'${name}' is invalid.`],
    [{ [name]: Array.from({ length: 101 }, (_, id) => id) }, `'${name}' must have at most 100 entries.`],
    [{ [name]: ['x'.repeat(4097)] }, `'${name}' must have at most 4096 characters.`],
  ];
}

/** Lifetime counters; what is wrong inside of them is found while they are carried out, so its status is 200. */
function badCounters(parameter: string, kind: string, numbers: readonly string[]): Trial['bad'] {
  return [
    ...notAnObject(parameter),
    [{ [parameter]: { '': {} } }, `${kind} '' name is invalid.`],
    [{ [parameter]: { [`${long}y`]: {} } }, `${kind} '${long}' name is invalid.`],
    [{ [parameter]: { a: 5 } }, `${kind} 'a' value is invalid.`],
    [{ [parameter]: entries(501) }, `'${parameter}' must have at most 500 entries.`],
    ...numbers.map((field) => {
      return [{ [parameter]: { a: { [field]: 'many' } } }, `${kind} 'a' ${field} is invalid.`, 200] as const;
    }),
    ...['firstTime', 'lastTime'].map((field) => {
      const date = { [parameter]: { a: { [field]: '2020-01-01T00:00:00Z' } } };
      return [date, `${kind} 'a' ${field} is invalid.`, 200] as const;
    }),
  ];
}

// --- The table ------------------------------------------------------------------------------------------------------

const userFacts = ['locale', 'country', 'region', 'city', 'location', 'locationAccuracyType', 'timezone'];
const deviceFacts =
  `appVersion versionName systemName systemVersion browserName browserVersion deviceName deviceModel
  iosPushToken gcmRegistrationId webPushSubscription huaweiPushRegId iosPushTypes iosPushCategories`.split(
    /\s+/,
  );

const user = [...userFacts.flatMap(longFact), ...notANumber('timezoneOffsetSeconds')];
const device = deviceFacts.flatMap(longFact);
const attributes = badEntries('userAttributes', 'userAttribute', 500);
const plain: Trial = { good: {}, bad: [] };

const start: Trial = {
  good: { userAttributes: { plan: 'free' } },
  bad: [...attributes, ...user, ...device, [{ background: {} }, "'background' is invalid."]],
};

const track: Trial = {
  good: { event: 'level done' },
  bad: [
    [{ event: undefined }, "'event' must be provided"],
    [{ event: '' }, "'event' must be provided"],
    [{ event: null, messageId: '' }, "'event' must be provided"],
    [{ event: `${long}y` }, `event '${long}' name is invalid.`],
    ...['event', 'info', 'messageId', 'disposition'].flatMap(notAText),
    [{ messageId: `${long}y` }, "'messageId' is invalid."],
    [{ info: 'x'.repeat(16385) }, "'info' must have at most 16384 characters."],
    ...notANumber('value'),
    ...badEntries('params', 'param', 50),
    [{ disposition: 'sometimes' }, "'disposition' is invalid."],
    [{ allowOffline: {} }, "'allowOffline' is invalid."],
  ],
  skips: [
    [{ disposition: 'requireActive' }, { ...warned('No active session; event ignored.'), ignored: true }],
  ],
};

const inbox: Trial = {
  good: { newsfeedMessageId: '1##2' },
  bad: [
    [{ newsfeedMessageId: undefined }, "'newsfeedMessageId' must be provided"],
    [{ newsfeedMessageId: '' }, "'newsfeedMessageId' must be provided"],
    ...notAText('newsfeedMessageId'),
  ],
};

const editor: Trial = { ...plain, unknown: { success: true }, nobody: { success: true } };
const stay = {
  success: true,
  sdk: 'lp',
  sha256: '0'.repeat(64),
  state: 'NONE',
  api: { profile: 'lp', events: 'lp' },
};

/** One trial for each action of the table; the test compares the names. */
export const trials: Readonly<Record<string, Trial>> = {
  advance: {
    good: { state: 'cart' },
    bad: [
      ...['state', 'info'].flatMap(notAText),
      [{ state: `${long}y` }, `state '${long}' name is invalid.`],
      [{ info: 'x'.repeat(16385) }, "'info' must have at most 16384 characters."],
      ...badEntries('params', 'param', 50),
    ],
  },
  deleteNewsfeedMessage: inbox,
  exportUser: plain,
  getMigrateState: { ...plain, unknown: stay, nobody: stay },
  getNewsfeedMessages: { ...plain, unknown: { success: true, newsfeedMessages: {} } },
  getVars: { ...plain, unknown: { ...skipped, ...content }, nobody: { success: true, ...content } },
  getViewControllerVersionsList: editor,
  heartbeat: plain,
  log: { ...plain, nobody: { success: true } },
  markNewsfeedMessageAsRead: inbox,
  pauseSession: plain,
  pauseState: plain,
  restart: start,
  resumeSession: plain,
  resumeState: plain,
  saveInterface: editor,
  saveInterfaceImage: editor,
  setDeviceAttributes: {
    good: { appVersion: '1.0' },
    bad: [
      [{ deviceId: undefined }, "'deviceId' must be provided"],
      ...notAnObject('deviceAttributes'),
      ...device,
      [
        { deviceAttributes: { deviceModel: 'x'.repeat(4097) } },
        "'deviceModel' must have at most 4096 characters.",
      ],
    ],
    skips: [[{ appVersion: undefined }, warned('No device attributes given; request skipped.')]],
  },
  setTrafficSourceInfo: {
    good: { trafficSource: { publisherId: 'p' } },
    bad: [
      [{ trafficSource: undefined }, "'trafficSource' must be provided"],
      [{ trafficSource: '' }, "'trafficSource' must be provided"],
      ...notAnObject('trafficSource'),
      [
        { trafficSource: { publisherSubAd: 'x'.repeat(4097) } },
        "'publisherSubAd' must have at most 4096 characters.",
      ],
    ],
  },
  setUserAttributes: {
    good: { userAttributes: { plan: 'free' } },
    bad: [
      ...attributes,
      ...notAText('newUserId'),
      [{ newUserId: 'u'.repeat(401) }, "'newUserId' must have at most 400 characters."],
      ...['Add', 'Remove', 'Increment'].flatMap((op) => {
        return badEntries(`userAttributeValuesTo${op}`, 'userAttribute', 500);
      }),
      [{ userAttributeValuesToIncrement: { n: 'many' } }, "userAttribute 'n' value is invalid."],
      ...user,
      ...['Categories', 'Channels'].flatMap((name) => {
        return ['Add', 'Remove'].flatMap((op) => badList(`unsubscribe${name}To${op}`));
      }),
      ...badCounters('events', 'event', ['count', 'countIncrement', 'value', 'valueIncrement']),
      ...badCounters('states', 'state', ['count', 'countIncrement']),
      ...['created', 'lastActive', 'totalSessions', 'timeSpentInApp'].flatMap(notANumber),
    ],
    skips: [
      [
        { userAttributes: undefined, userAttributeValuesToIncrement: { n: 0.5 } },
        warned('Increment needs integers; skipped: n'),
      ],
    ],
  },
  start,
  stop: plain,
  track,
  trackGeofence: track,
};
