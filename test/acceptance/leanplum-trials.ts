import {
  badCounters,
  badEntries,
  badList,
  badName,
  badNames,
  long,
  longFact,
  notANumber,
  notAnObject,
  notAText,
  warned,
} from './leanplum-bad-values.ts';

/** What can be wrong with one action of the Leanplum API, beside what can be wrong with all of them. */
export interface Trial {
  /** What a well-formed call has beside its user. */
  readonly good: Params;
  /** The element for an unknown user under CreateNever; left out: he is skipped. */
  readonly unknown?: Params;
  /** The element when nobody is named; left out: refused. */
  readonly nobody?: Params;
  /** The element for a blocked user; left out: refused; null: it does something about him. */
  readonly blocked?: Params | null;
  /** The status of its answers alone when it is not 200. */
  readonly status?: number;
  /** Parameters over the good ones, the message, and the status of the call alone when it is not 400. */
  readonly bad: readonly (readonly [params: Params, message: string, status?: number])[];
  /** What is accepted with a word about it and changes nothing: parameters over the good ones, and the element. */
  readonly skips?: readonly (readonly [params: Params, element: Params])[];
}

export type Params = Readonly<Record<string, unknown>>;

export const skipped = { success: true, warning: { message: 'User not found; request skipped.' } };

const done = { success: true };

const content = {
  vars: {},
  messages: {},
  variants: [],
  regions: {},
  interfaceRules: [],
  interfaceEvents: [],
};

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
    ...['event', 'info', 'messageId', 'disposition'].flatMap(notAText),
    ...['x'.repeat(65), 'a b', '1##2', 'a,b', 1.5].map((messageId) => {
      return [{ messageId }, "'messageId' is invalid."] as const;
    }),
    [{ info: 'x'.repeat(16385) }, "'info' must have at most 16384 characters."],
    ...notANumber('value'),
    ...badEntries('params', 'param', 50),
    [{ disposition: 'sometimes' }, "'disposition' is invalid."],
    [{ allowOffline: {} }, "'allowOffline' is invalid."],
  ],
  skips: [
    ...['.a', '-a', 'a/', 'a,b', '12', `${long}y`].map((event) => {
      return [{ event }, badName('event', event)] as const;
    }),
    [{ event: `${long}y`, messageId: '12' }, badName('event', `${long}y`)],
    [{ disposition: 'requireActive' }, { ...warned('No active session; event ignored.'), ignored: true }],
  ],
};

const inbox: Trial = {
  blocked: done,
  good: { newsfeedMessageId: '1##2' },
  bad: [
    [{ newsfeedMessageId: undefined }, "'newsfeedMessageId' must be provided"],
    [{ newsfeedMessageId: '' }, "'newsfeedMessageId' must be provided"],
    ...notAText('newsfeedMessageId'),
  ],
};

const editor: Trial = { ...plain, unknown: done, nobody: done, blocked: done };
/** A list of what nobody can make yet. */
const list = (name: string): Trial => {
  const element = { success: true, [name]: [] };
  return { ...plain, unknown: element, nobody: element, blocked: element };
};
/** One of what nobody can make yet. */
const missing = (message: string): Trial => {
  const element = { success: false, error: { message } };
  return {
    ...{ good: { id: 1 }, status: 404, unknown: element, nobody: element, blocked: element },
    bad: [[{ id: undefined }, "'id' must be provided"], ...notAText('id')],
  };
};
const sending = (parameter: string, message: string): Trial => ({
  good: { [parameter]: 1 },
  blocked: warned(message),
  bad: [[{ [parameter]: '' }, `'${parameter}' must be provided`], ...notAText(parameter)],
});
const noneRemoved = { success: true, variablesRemoved: [] };
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
      [{ info: 'x'.repeat(16385) }, "'info' must have at most 16384 characters."],
      ...badEntries('params', 'param', 50),
    ],
    skips: ['.a', '-a', 'a/', 'a,b', '12', `${long}y`].map((state) => {
      return [{ state }, badName('state', state)];
    }),
  },
  block: { ...plain, blocked: done },
  deleteNewsfeedMessage: inbox,
  deleteUser: { ...plain, blocked: null },
  deleteVars: {
    good: { vars: ['nothing'] },
    ...{ unknown: noneRemoved, nobody: noneRemoved, blocked: noneRemoved },
    bad: [[{ vars: undefined }, "'vars' must be provided"], ...badList('vars').slice(0, 3)],
  },
  exportUser: { ...plain, blocked: null },
  getAbTest: missing('A/B test not found.'),
  getAbTests: list('abTests'),
  getAndroidNotificationChannels: list('notificationChannels'),
  getMessage: missing('Message not found.'),
  getMessages: list('messages'),
  getMigrateState: { ...plain, unknown: stay, nobody: stay, blocked: stay },
  getNewsfeedMessages: {
    ...plain,
    unknown: { success: true, newsfeedMessages: {} },
    blocked: { success: true, newsfeedMessages: {} },
  },
  getUnsubscribeCategories: list('categories'),
  getVariant: missing('Variant not found.'),
  getVars: {
    ...plain,
    unknown: { ...skipped, ...content },
    nobody: { success: true, ...content },
    blocked: { success: true, ...content },
  },
  getViewControllerVersionsList: editor,
  heartbeat: plain,
  log: { ...plain, nobody: done, blocked: done },
  markNewsfeedMessageAsRead: inbox,
  pauseSession: plain,
  pauseState: plain,
  registerDevice: {
    good: { email: 'ann@example.com' },
    unknown: { success: true, registered: false },
    blocked: { success: true, registered: false },
    bad: [
      [{ deviceId: undefined }, "'deviceId' must be provided"],
      [{ email: undefined }, "'email' must be provided"],
      ...notAText('email'),
    ],
  },
  restart: start,
  resumeSession: plain,
  resumeState: plain,
  saveInterface: editor,
  saveInterfaceImage: editor,
  sendMessage: sending('messageId', 'Message entity not found'),
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
      ...user,
      ...['Categories', 'Channels'].flatMap((name) => {
        return ['Add', 'Remove'].flatMap((op) => badList(`unsubscribe${name}To${op}`));
      }),
      [{ devices: {} }, "'devices' is invalid."],
      [{ devices: ['phone'] }, "'devices' is invalid."],
      [{ devices: '[{"deviceId":' }, "'devices' is invalid."],
      [{ devices: [{ deviceId: 'd'.repeat(401) }] }, "'deviceId' must have at most 400 characters."],
      [
        { devices: [{ deviceId: 'd', deviceModel: 'x'.repeat(4097) }] },
        "'deviceModel' must have at most 4096 characters.",
      ],
      ...badCounters('events', 'event', ['count', 'countIncrement', 'value', 'valueIncrement']),
      ...badCounters('states', 'state', ['count', 'countIncrement']),
      ...['created', 'lastActive', 'totalSessions', 'timeSpentInApp'].flatMap((name) => [
        ...notANumber(name),
        [{ [name]: 1e306 }, `'${name}' is invalid.`] as const,
      ]),
    ],
    skips: [
      ...badNames('userAttributes', 'userAttribute'),
      ...[
        ...['Add', 'Remove', 'Increment'].flatMap((op) => {
          return badNames(`userAttributeValuesTo${op}`, 'userAttribute');
        }),
        ...badNames('events', 'event'),
        ...badNames('states', 'state'),
      ].map(([params, element]) => [{ userAttributes: undefined, ...params }, element] as const),
      ...[0.5, 'many', '', true, {}, [1]].map((n) => {
        const params = { userAttributes: undefined, userAttributeValuesToIncrement: { n } };
        return [params, warned('Increment needs integers; skipped: n')] as const;
      }),
    ],
  },
  setVars: {
    good: { vars: {} },
    ...{ unknown: done, nobody: done, blocked: done },
    bad: [
      [{ vars: undefined }, "'vars' must be provided"],
      ...['vars', 'kinds', 'actionDefinitions', 'fileAttributes'].flatMap(notAnObject),
      [{ kinds: { a: 5 } }, "kind 'a' value is invalid."],
      [{ actionDefinitions: { a: 'x' } }, "action 'a' value is invalid."],
    ],
  },
  start,
  startCampaign: sending('campaignId', 'Campaign entity not found'),
  stop: plain,
  track,
  trackGeofence: track,
  unblock: { ...plain, blocked: null },
};
