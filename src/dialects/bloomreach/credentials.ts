import { defaultPermissions, type Permissions, readPermissions } from '../../core/project/permissions.ts';
import type { Project } from '../../core/project.ts';
import type { Projects } from '../../engine/projects.ts';
import type { Json } from '../../lib/json.ts';
import { isSecret } from '../../lib/secret.ts';
import { failures, type Reply } from './reply.ts';
import { texts } from './texts.ts';

/** How a caller was recognised, and what he may do (contract 1.2, 1.3). */
export interface Credentials {
  readonly project: Project;
  /** `customer`: by a token that speaks for one customer (see `authenticateByToken`). */
  readonly access: 'public' | 'private' | 'customer';
  readonly permissions: Permissions;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Checks project, then key (contract 1.4). Scheme names are compared without letter case. */
export function authenticate(
  request: {
    projectToken: string;
    authorization: string | undefined;
    accessToken: string | undefined;
    nowMs: number;
    /** Who shows no key is let in without one. */
    keyless: boolean;
  },
  projects: Projects,
): Credentials | Reply {
  const project = findProject(request.projectToken, projects);
  if (typeof project === 'string') return failures.error(400, project);

  const [scheme = '', value = ''] = (request.authorization ?? '').trim().split(/\s+/, 2);
  switch (scheme.toLowerCase()) {
    case 'token':
      return value === '' ? failures.error(401, texts.noKey) : publicAccess(project, value);
    case 'basic':
      return privateAccess(project, Buffer.from(value, 'base64').toString('utf8'), request.nowMs);
    case '':
      if (request.accessToken) return publicAccess(project, request.accessToken);
      return request.keyless ? keylessAccess(project) : failures.error(401, texts.noKey);
    default:
      return failures.error(401, texts.noKey);
  }
}

/** The project that has this token, or the text why there is none. */
export function findProject(token: Json | undefined, projects: Projects): Project | string {
  if (typeof token !== 'string' || !uuid.test(token)) return texts.invalidProject;
  return projects.byBloomreachToken(token) ?? texts.unknownProject;
}

/** What a caller without a key may do: write, as public tokens may that are not limited (decision 110). */
export function keylessAccess(project: Project): Credentials {
  return { project, access: 'public', permissions: publicPermissions };
}

const publicPermissions = readPermissions(defaultPermissions.public);

function publicAccess(project: Project, token: string): Credentials | Reply {
  const known = project.publicTokens.find(({ hash }) => isSecret(token, hash));
  if (known === undefined) return failures.error(401, texts.unknownKey);
  return { project, access: 'public', permissions: known.permissions };
}

/** A key that was rotated has two secrets for a day; one that has ended is like any other wrong one. */
function privateAccess(project: Project, pair: string, nowMs: number): Credentials | Reply {
  const colon = pair.indexOf(':');
  if (colon <= 0) return failures.error(401, texts.noKey);
  const id = pair.slice(0, colon);
  const secret = pair.slice(colon + 1);
  let isKnown = false;
  for (const key of project.privateKeys) {
    if (key.id !== id || (key.expiresMs !== null && key.expiresMs <= nowMs)) continue;
    isKnown = true;
    if (isSecret(secret, key.hash)) return { project, access: 'private', permissions: key.permissions };
  }
  return isKnown ? failures.error(403, texts.wrongSecret) : failures.error(401, texts.unknownKey);
}

export function isRefused(result: object): result is Reply {
  return 'status' in result;
}
