/** Limits of the Leanplum wire format that an operator sets (contract 4.2, 8.1); infinite: none. */
export interface Limits {
  /** Characters of a user or device id. */
  readonly idLength: number;
  /** Characters of an event, state, attribute or parameter name. */
  readonly nameLength: number;
  /** Parameters of one event or state. */
  readonly params: number;
  /** Events and states of one session, of calls from SDKs. */
  readonly sessionEvents: number;
  readonly sessionStates: number;
  /** Distinct users and actions of one `multi` from an API caller. */
  readonly batchUsers: number;
  readonly batchActions: number;
  /** Actions of one `multi` from an SDK, which sends all it has stored and drops the batch on 403. */
  readonly sdkBatchActions: number;
  /** Bytes of all variables together as JSON, and of each other part of what apps register. */
  readonly variablesBytes: number;
}

/* Those that are ours. */

/** Characters of a name that a warning or a fault spells out. */
export const nameShownMax = 139;
/** Characters of the id of a message. */
export const messageIdLengthMax = 64;

/** One request body. SDK batches hold up to 10,000 actions; uploads 50 MB. */
export const bodyBytesMax = 52 * 1024 * 1024;
/** Characters of one fact about a user or device; push addresses of browsers are the longest. */
export const factLengthMax = 4_096;
/** Values of one list of opt-outs. */
export const listMax = 100;
/** One body of JSON or form fields, unpacked: 10,000 actions of 1.6 KB. Reading one holds up everybody else. */
export const textBytesMax = 16 * 1024 * 1024;
/** Form fields or multipart parts of one call; a call with all parameters of the contract has some fifty. */
export const fieldsMax = 1_000;
/** Devices of one `setUserAttributes`. */
export const devicesMax = 50;
/** Characters of a `uuid` or `reqId` that is remembered to recognise repeats. */
export const markLengthMax = 128;
/** Characters of sloppy JSON (single quotes, bare names) in one call: its parser is a hundred times slower. */
export const sloppyLengthMax = 64 * 1024;
/** Characters of the free text kept with an event or a state. */
export const infoLengthMax = 16 * 1024;
/** Attributes of one call; contract 8.1 allows an app 500 names. */
export const attributesMax = 500;
/** UTF-8 bytes of one attribute or parameter value. */
export const valueBytesMax = 16 * 1024;
/** Variables that one call removes by name. */
export const variableNamesMax = 10_000;
/** Characters of a developer's e-mail address. */
export const emailLengthMax = 320;
/** Characters of one answer; only content, given again for each action of a batch, comes near it. */
export const answerLengthMax = 32 * 1024 * 1024;
/** The same of one that is kept for repeats of its request. */
export const keptAnswerLengthMax = 1024 * 1024;
/** Users in development mode whose last request is remembered. */
export const devModeUsersMax = 10_000;
