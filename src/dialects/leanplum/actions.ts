import type { Action } from './action.ts';
import { advance } from './actions/advance.ts';
import { block } from './actions/block.ts';
import { deleteNewsfeedMessage } from './actions/deleteNewsfeedMessage.ts';
import { deleteUser } from './actions/deleteUser.ts';
import { exportUser } from './actions/exportUser.ts';
import { getMigrateState } from './actions/getMigrateState.ts';
import { getNewsfeedMessages } from './actions/getNewsfeedMessages.ts';
import { getVars } from './actions/getVars.ts';
import { heartbeat } from './actions/heartbeat.ts';
import { log } from './actions/log.ts';
import { markNewsfeedMessageAsRead } from './actions/markNewsfeedMessageAsRead.ts';
import { pauseSession } from './actions/pauseSession.ts';
import { pauseState } from './actions/pauseState.ts';
import { restart } from './actions/restart.ts';
import { resumeSession } from './actions/resumeSession.ts';
import { resumeState } from './actions/resumeState.ts';
import { setDeviceAttributes } from './actions/setDeviceAttributes.ts';
import { setTrafficSourceInfo } from './actions/setTrafficSourceInfo.ts';
import { setUserAttributes } from './actions/setUserAttributes.ts';
import { start } from './actions/start.ts';
import { stop } from './actions/stop.ts';
import { track } from './actions/track.ts';
import { trackGeofence } from './actions/trackGeofence.ts';
import { unblock } from './actions/unblock.ts';
import { editorActions } from './editor-actions.ts';

/** Every action that is built, by its wire name. `multi` is the envelope. */
export const actions: ReadonlyMap<string, Action> = new Map(
  [
    advance,
    block,
    deleteNewsfeedMessage,
    deleteUser,
    exportUser,
    getMigrateState,
    getNewsfeedMessages,
    getVars,
    heartbeat,
    log,
    markNewsfeedMessageAsRead,
    pauseSession,
    pauseState,
    resumeSession,
    restart,
    resumeState,
    setDeviceAttributes,
    setTrafficSourceInfo,
    setUserAttributes,
    start,
    stop,
    track,
    trackGeofence,
    unblock,
    ...editorActions,
  ].map((action) => [action.name, action]),
);

/** Actions of contract 2.1 that are not built yet; anything else does not exist. */
export const notBuiltYet: ReadonlySet<string> = new Set([
  'addAndroidNotificationChannel',
  'addPostback',
  'broadcast',
  'deleteAndroidNotificationChannel',
  'deletePostback',
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
  'getMultiResults',
  'getUnsubscribeCategories',
  'getVariant',
  'listPostbacks',
  'registerDevice',
  'sendMessage',
  'setVars',
  'startCampaign',
  'uploadFile',
]);
