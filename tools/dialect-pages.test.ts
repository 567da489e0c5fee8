/** The page of a dialect names every action, and does not say of one that it is there, or is not, when it is otherwise. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { actions, notBuiltYet } from '../src/dialects/leanplum/actions.ts';

/** Every action that was found in the vendor's documents and clients (contract 2.1). */
const found =
  `start stop pauseSession resumeSession heartbeat advance pauseState resumeState track trackGeofence
  setUserAttributes setDeviceAttributes setTrafficSourceInfo registerDevice deleteUser block unblock getVars setVars
  deleteVars downloadFile uploadFile sendMessage startCampaign getMessage getMessages getUnsubscribeCategories
  addAndroidNotificationChannel getAndroidNotificationChannels deleteAndroidNotificationChannel getAbTest getAbTests
  getVariant multi getMultiResults exportData exportReport exportUsers exportUser getExportResults addPostback
  listPostbacks deletePostback getNewsfeedMessages markNewsfeedMessageAsRead deleteNewsfeedMessage log getMigrateState
  restart saveInterface saveInterfaceImage getViewControllerVersionsList broadcast`.split(/\s+/);

const page = readFileSync(new URL('../docs/dialects/leanplum.md', import.meta.url), 'utf8');
const rows = [...page.matchAll(/^\| `(\w+)` \| ([^|]+) \| (done|partly|empty|not yet) \| (.*?) ?\|$/gm)].map(
  ([, name = '', keys = '', status = '', note = '']) => ({ name, keys, status, note }),
);

test('every action of the code and of the contract has one row, and no other has', () => {
  const names = rows.map(({ name }) => name);
  const wanted = new Set([...found, ...actions.keys(), ...notBuiltYet]);
  assert.deepEqual(names.toSorted(), [...wanted].sort());
});

test('an action is "not yet" exactly when the code says so', () => {
  const notYet = rows.filter(({ status }) => status === 'not yet').map(({ name }) => name);
  assert.deepEqual(notYet.toSorted(), [...notBuiltYet].sort());
});

test('its key is the one that the code asks for', () => {
  const letters = { production: 'P', development: 'D', dataExport: 'X', contentReadOnly: 'R' };
  for (const { name, keys } of rows) {
    const action = actions.get(name);
    if (action !== undefined) assert.equal(keys, letters[action.key], name);
  }
});

test('what is only partly there says what is missing', () => {
  for (const { name, status, note } of rows) {
    if (status === 'partly' || status === 'empty') assert.notEqual(note, '', name);
  }
});
