import type { Action } from './action.ts';
import { advance } from './actions/advance.ts';
import { block } from './actions/block.ts';
import { deleteVars } from './actions/content/deleteVars.ts';
import { getAbTest } from './actions/content/getAbTest.ts';
import { getAbTests } from './actions/content/getAbTests.ts';
import { getAndroidNotificationChannels } from './actions/content/getAndroidNotificationChannels.ts';
import { getMessage } from './actions/content/getMessage.ts';
import { getMessages } from './actions/content/getMessages.ts';
import { getUnsubscribeCategories } from './actions/content/getUnsubscribeCategories.ts';
import { getVariant } from './actions/content/getVariant.ts';
import { getVars } from './actions/content/getVars.ts';
import { registerDevice } from './actions/content/registerDevice.ts';
import { sendMessage } from './actions/content/sendMessage.ts';
import { setVars } from './actions/content/setVars.ts';
import { startCampaign } from './actions/content/startCampaign.ts';
import { deleteNewsfeedMessage } from './actions/deleteNewsfeedMessage.ts';
import { deleteUser } from './actions/deleteUser.ts';
import { exportUser } from './actions/exportUser.ts';
import { getMigrateState } from './actions/getMigrateState.ts';
import { getNewsfeedMessages } from './actions/getNewsfeedMessages.ts';
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
    deleteVars,
    exportUser,
    getAbTest,
    getAbTests,
    getAndroidNotificationChannels,
    getMessage,
    getMessages,
    getMigrateState,
    getNewsfeedMessages,
    getUnsubscribeCategories,
    getVariant,
    getVars,
    heartbeat,
    log,
    markNewsfeedMessageAsRead,
    pauseSession,
    pauseState,
    registerDevice,
    restart,
    resumeSession,
    resumeState,
    sendMessage,
    setDeviceAttributes,
    setTrafficSourceInfo,
    setUserAttributes,
    setVars,
    start,
    startCampaign,
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
  'downloadFile',
  'exportData',
  'exportReport',
  'exportUsers',
  'getExportResults',
  'getMultiResults',
  'listPostbacks',
  'uploadFile',
]);
