import type { AdminAction } from './action.ts';
import { changeSettings } from './actions/change-settings.ts';
import { createKey } from './actions/create-key.ts';
import { createProject } from './actions/create-project.ts';
import { listErasures } from './actions/list-erasures.ts';
import { listKeys } from './actions/list-keys.ts';
import { listLookups } from './actions/list-lookups.ts';
import { listProjects } from './actions/list-projects.ts';
import { revokeKey } from './actions/revoke-key.ts';
import { rotateKey } from './actions/rotate-key.ts';
import { runSql } from './actions/run-sql.ts';
import { setPermissions } from './actions/set-permissions.ts';
import { showBackup } from './actions/show-backup.ts';
import { showProfile } from './actions/show-profile.ts';
import { showSettings } from './actions/show-settings.ts';
import { showStatus } from './actions/show-status.ts';
import { startBackup } from './actions/start-backup.ts';

/** Everything an operator's tool can ask. */
export const actions: readonly AdminAction[] = [
  listProjects,
  createProject,
  listKeys,
  createKey,
  rotateKey,
  setPermissions,
  revokeKey,
  showSettings,
  changeSettings,
  showProfile,
  showStatus,
  listErasures,
  listLookups,
  runSql,
  startBackup,
  showBackup,
];
