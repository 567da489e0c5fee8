import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readSettings, SettingError } from './config.ts';
import { type Limits, limitSettings } from './limit-settings.ts';

/** Leanplum contract 4.2 and 8.1, and what Bloomreach says of properties; `none`: the limit may be taken away. */
const rows: { readonly [limit in keyof Limits]: readonly [setting: string, value: number, none?: 'none'] } = {
  sessionEvents: ['RAPPORT_SESSION_EVENTS', 1_500, 'none'],
  sessionStates: ['RAPPORT_SESSION_STATES', 1_500, 'none'],
  eventNames: ['RAPPORT_EVENT_NAMES', 500, 'none'],
  stateNames: ['RAPPORT_STATE_NAMES', 500, 'none'],
  attributeNames: ['RAPPORT_ATTRIBUTE_NAMES', 500, 'none'],
  paramNames: ['RAPPORT_PARAMETER_NAMES', 200, 'none'],
  messageNames: ['RAPPORT_MESSAGES', 10_000, 'none'],
  propertyNames: ['RAPPORT_PROPERTY_NAMES', 255, 'none'],
  params: ['RAPPORT_PARAMETERS', 50],
  nameLength: ['RAPPORT_NAME_LENGTH', 139],
  idLength: ['RAPPORT_ID_LENGTH', 400],
  variablesBytes: ['RAPPORT_VARIABLES_BYTES', 1_048_576],
  batchUsers: ['RAPPORT_BATCH_USERS', 50],
  batchActions: ['RAPPORT_BATCH_ACTIONS', 500],
  sdkBatchActions: ['RAPPORT_SDK_BATCH_ACTIONS', 10_000],
  devModeIntervalMs: ['RAPPORT_DEV_MODE_INTERVAL_MS', 1_000],
};

describe('the limit', () => {
  for (const [name, [setting, value, none]] of Object.entries(rows)) {
    const limit = name as keyof Limits;
    const read = (text: string) => readSettings({ [setting]: text }).limits[limit];

    test(`${setting} has the value of the contract, and is ours to change`, () => {
      assert.equal(readSettings({}).limits[limit], value);
      assert.equal(read(''), value);
      assert.equal(read('7'), 7);
      if (none !== undefined) assert.equal(read('0'), Number.POSITIVE_INFINITY);
    });

    test(`${setting} has bounds`, () => {
      const { max } = limitSettings[limit];
      const min = none === undefined ? 1 : 0;
      assert.equal(read(String(max)), max);
      for (const bad of [String(max + 1), ...(min === 1 ? ['0'] : []), '-1', '1.5', '1e3', ' 5', 'many']) {
        const message = `${setting} must be a number from ${min} to ${max}, not '${bad}'`;
        assert.throws(() => read(bad), new SettingError(message));
      }
    });
  }
});
