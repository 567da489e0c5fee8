import type { Action } from './action.ts';
import { exportUser } from './actions/exportUser.ts';
import { setUserAttributes } from './actions/setUserAttributes.ts';
import { start } from './actions/start.ts';
import { track } from './actions/track.ts';

/** Every action that is built, by its wire name. `multi` is the envelope. */
export const actions: ReadonlyMap<string, Action> = new Map(
  [exportUser, setUserAttributes, start, track].map((action) => [action.name, action]),
);

/** Actions of contract 2.1 that are not built yet; anything else does not exist. */
export const notBuiltYet: ReadonlySet<string> = new Set([
  'addAndroidNotificationChannel',
  'addPostback',
  'advance',
  'block',
  'broadcast',
  'deleteAndroidNotificationChannel',
  'deleteNewsfeedMessage',
  'deletePostback',
  'deleteUser',
  'deleteVars',
  'downloadFile',
  'exportData',
  'exportReport',
  'exportUsers',
  'getAbTest',
  'getAbTests',
  'getAndroidNotificationChannels',
  'getExportResults',
  'getMessage',
  'getMessages',
  'getMigrateState',
  'getMultiResults',
  'getNewsfeedMessages',
  'getUnsubscribeCategories',
  'getVariant',
  'getVars',
  'getViewControllerVersionsList',
  'heartbeat',
  'listPostbacks',
  'log',
  'markNewsfeedMessageAsRead',
  'pauseSession',
  'pauseState',
  'registerDevice',
  'restart',
  'resumeSession',
  'resumeState',
  'saveInterface',
  'saveInterfaceImage',
  'sendMessage',
  'setDeviceAttributes',
  'setTrafficSourceInfo',
  'setVars',
  'startCampaign',
  'stop',
  'trackGeofence',
  'unblock',
  'uploadFile',
]);
