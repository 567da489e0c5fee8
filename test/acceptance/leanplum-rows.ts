import type { LeanplumKeyClass } from '../../src/core/project.ts';
import { type Params, skipped, type Trial } from './leanplum-trials.ts';

/** One thing that is wrong with a call, and its literal answer. */
export interface Row {
  readonly what: string;
  readonly params: Params;
  readonly key: LeanplumKeyClass | 'unknown';
  readonly status: number;
  readonly element: Params;
  /** It is in the envelope: a `multi` with it is refused as a whole. */
  readonly whole?: true;
}

const allKeys = ['production', 'development', 'dataExport', 'contentReadOnly'] as const;

/** What can be wrong with every action, and with this one. */
export function rowsOf(action: string, key: LeanplumKeyClass, trial: Trial): Row[] {
  const known = { userId: 'known', deviceId: 'known phone' };
  const good = { action, ...known, ...trial.good };
  const never = { userId: `unknown ${action}`, deviceId: undefined, createDisposition: 'CreateNever' };
  const refused = (params: Params, message: string, status = 400): Row => {
    const element = { success: false, error: { message } };
    return { what: short({ ...params, message }), params: { ...good, ...params }, key, status, element };
  };
  const answered = (what: string, params: Params, element: Params): Row => {
    const status = trial.status ?? 200;
    return { what, params: { ...good, ...params }, key, status, element };
  };
  const noUser = (userId: unknown, deviceId: unknown): Row => {
    const { nobody } = trial;
    const ids = { userId, deviceId };
    return nobody === undefined
      ? refused(ids, 'Invalid app/user combination')
      : answered(short(ids), ids, nobody);
  };
  // Its device decides about this action before the user does.
  const needsDevice = action === 'setDeviceAttributes' || action === 'registerDevice';
  const unknownIds = needsDevice ? { ...never, deviceId: `phone ${action}` } : never;
  const blocked = { userId: 'blocked', deviceId: 'blocked phone' };
  const needed: readonly string[] = key === 'production' ? ['production', 'development'] : [key];
  const wrongKeys = allKeys.filter((it) => !needed.includes(it));
  const forbidden = refused({ devMode: true }, 'Development mode requested but not permitted', 403);
  return [
    noUser(undefined, undefined),
    noUser('', null),
    answered('an unknown user who is not to be created', unknownIds, trial.unknown ?? skipped),
    ...(trial.blocked === undefined ? [refused(blocked, 'Unavailable For Legal Reasons', 451)] : []),
    ...(trial.blocked ? [answered('a blocked user', blocked, trial.blocked)] : []),
    refused({ userId: 'u'.repeat(401) }, "'userId' must have at most 400 characters."),
    refused({ deviceId: 'd'.repeat(401) }, "'deviceId' must have at most 400 characters."),
    ...[true, {}, ['known']].map((id) => refused({ userId: id }, "'userId' is invalid.")),
    ...[true, {}, ['known']].map((id) => refused({ deviceId: id }, "'deviceId' is invalid.")),
    ...['Sometimes', true, {}].map((value) => {
      return refused({ createDisposition: value }, "'createDisposition' is invalid.");
    }),
    ...['soon', true, {}, [1], 1e16].map((time) => refused({ time }, "'time' is invalid.")),
    ...wrongKeys.map((wrong) => ({ ...refused({ key: wrong }, 'Invalid access key', 403), key: wrong })),
    { ...refused({ key: 'unknown' }, 'Invalid access key', 403), key: 'unknown', whole: true },
    { ...refused({ appId: 'app_unknown' }, 'App not found', 404), whole: true },
    ...(key === 'production' ? [forbidden, { ...forbidden, whole: true as const }] : []),
    ...trial.bad.map((row) => refused(...row)),
    ...(trial.skips ?? []).map(([params, element]) => answered(short(params), params, element)),
  ];
}

function short(params: Params): string {
  return JSON.stringify(params).slice(0, 200);
}
