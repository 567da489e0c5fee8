/** A number that an operator may change. */
interface LimitSetting {
  readonly setting: `RAPPORT_${string}`;
  readonly default: number;
  /** 0 stands for no limit. */
  readonly min: 0 | 1;
  /** What stored lines and memory allow. */
  readonly max: number;
  readonly meaning: string;
}

/** Names of one kind are written as a whole when one is new. */
const namesMax = 10_000;
const manyMax = 99_999_999;

/** The limits of the Leanplum API (contract 4.2, 8.1) and of names in the other one, with the vendors' values if there are any. */
export const limitSettings = {
  sessionEvents: {
    setting: 'RAPPORT_SESSION_EVENTS',
    default: 1_500,
    min: 0,
    max: manyMax,
    meaning: 'Events that Leanplum SDKs may track in one session; more are skipped with a warning.',
  },
  sessionStates: {
    setting: 'RAPPORT_SESSION_STATES',
    default: 1_500,
    min: 0,
    max: manyMax,
    meaning: 'The same for the states they enter.',
  },
  eventNames: {
    setting: 'RAPPORT_EVENT_NAMES',
    default: 500,
    min: 0,
    max: namesMax,
    meaning:
      'Names of events that a Leanplum app may use, and as many for what users do with messages; what has another one is skipped with a warning, as is one that is the name of a state. Without a limit names are not looked at.',
  },
  stateNames: {
    setting: 'RAPPORT_STATE_NAMES',
    default: 500,
    min: 0,
    max: namesMax,
    meaning: 'The same for states.',
  },
  attributeNames: {
    setting: 'RAPPORT_ATTRIBUTE_NAMES',
    default: 500,
    min: 0,
    max: namesMax,
    meaning: 'The same for attributes of users.',
  },
  paramNames: {
    setting: 'RAPPORT_PARAMETER_NAMES',
    default: 200,
    min: 0,
    max: namesMax,
    meaning: 'The same for parameters of events and states.',
  },
  messageNames: {
    setting: 'RAPPORT_MESSAGES',
    default: namesMax,
    min: 0,
    max: namesMax,
    meaning: 'The same for messages whose events a Leanplum app may track.',
  },
  propertyNames: {
    setting: 'RAPPORT_PROPERTY_NAMES',
    default: 255,
    min: 0,
    max: namesMax,
    meaning:
      'Names of properties that the Bloomreach API may give the customers of a project; an update with one more is dropped, answered as done, and logged. Attributes that the Leanplum API brought in are not counted. The vendor has 255, or 1024 by contract.',
  },
  params: {
    setting: 'RAPPORT_PARAMETERS',
    default: 50,
    min: 1,
    max: 1_000,
    meaning: 'Parameters of one Leanplum event or state; more are an error.',
  },
  nameLength: {
    setting: 'RAPPORT_NAME_LENGTH',
    default: 139,
    min: 1,
    max: 1_000,
    meaning:
      'Characters of a name of a Leanplum event, state, attribute or parameter; what has a longer one is skipped with a warning.',
  },
  idLength: {
    setting: 'RAPPORT_ID_LENGTH',
    default: 400,
    min: 1,
    max: 1_000,
    meaning: 'Characters of a Leanplum user or device id; a longer one is an error.',
  },
  variablesBytes: {
    setting: 'RAPPORT_VARIABLES_BYTES',
    default: 1024 * 1024,
    min: 1,
    max: 8 * 1024 * 1024,
    meaning:
      'All variables of a Leanplum app together must have less bytes than this, as must their kinds, the templates of messages, and the attributes of files.',
  },
  batchUsers: {
    setting: 'RAPPORT_BATCH_USERS',
    default: 50,
    min: 1,
    max: 10_000,
    meaning: 'Users of one Leanplum `multi` from a caller that is no SDK; more are refused (403).',
  },
  batchActions: {
    setting: 'RAPPORT_BATCH_ACTIONS',
    default: 500,
    min: 1,
    max: 10_000,
    meaning: 'The same for its actions.',
  },
  sdkBatchActions: {
    setting: 'RAPPORT_SDK_BATCH_ACTIONS',
    default: 10_000,
    min: 1,
    max: 10_000,
    meaning:
      'The same for the actions of an SDK, which sends all it has stored and drops it when it is refused.',
  },
  devModeIntervalMs: {
    setting: 'RAPPORT_DEV_MODE_INTERVAL_MS',
    default: 1_000,
    min: 1,
    max: 60_000,
    meaning: 'Milliseconds between two requests that `RAPPORT_DEV_MODE_LIMIT` limits.',
  },
} as const satisfies Record<string, LimitSetting>;

/** A limit that is none is infinite. */
export type Limits = { readonly [limit in keyof typeof limitSettings]: number };

/** As `settingDocs` has all other settings. */
export const limitDocs: {
  readonly [setting: string]: { readonly default: string; readonly meaning: string };
} = Object.fromEntries(
  Object.values(limitSettings).map(({ setting, default: value, min, max, meaning }) => [
    setting,
    {
      default: String(value),
      meaning: `${meaning} From ${min} to ${max}${min === 0 ? '; `0`: no limit' : ''}.`,
    },
  ]),
);
