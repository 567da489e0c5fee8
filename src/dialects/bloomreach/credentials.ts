import type { Project } from '../../core/project.ts';
import type { Projects } from '../../engine/projects.ts';
import type { Json } from '../../lib/json.ts';
import { isSecret } from '../../lib/secret.ts';
import { failures, type Reply } from './reply.ts';
import { texts } from './texts.ts';

/** How a caller was recognised (contract 1.2). */
export interface Credentials {
  readonly project: Project;
  readonly access: 'public' | 'private';
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Checks project, then key (contract 1.4). Scheme names are compared without letter case. */
export function authenticate(
  request: { projectToken: string; authorization: string | undefined; accessToken: string | undefined },
  projects: Projects,
): Credentials | Reply {
  const project = findProject(request.projectToken, projects);
  if (typeof project === 'string') return failures.error(400, project);

  const [scheme = '', value = ''] = (request.authorization ?? '').trim().split(/\s+/, 2);
  switch (scheme.toLowerCase()) {
    case 'token':
      return value === '' ? failures.error(401, texts.noKey) : publicAccess(project, value);
    case 'basic':
      return privateAccess(project, Buffer.from(value, 'base64').toString('utf8'));
    case '':
      if (request.accessToken) return publicAccess(project, request.accessToken);
      return failures.error(401, texts.noKey);
    default:
      return failures.error(401, texts.noKey);
  }
}

/** The project that has this token, or the text why there is none. */
export function findProject(token: Json | undefined, projects: Projects): Project | string {
  if (typeof token !== 'string' || !uuid.test(token)) return texts.invalidProject;
  return projects.byBloomreachToken(token) ?? texts.unknownProject;
}

function publicAccess(project: Project, token: string): Credentials | Reply {
  const known = project.publicTokens.some((hash) => isSecret(token, hash));
  return known ? { project, access: 'public' } : failures.error(401, texts.unknownKey);
}

function privateAccess(project: Project, pair: string): Credentials | Reply {
  const colon = pair.indexOf(':');
  if (colon <= 0) return failures.error(401, texts.noKey);
  const keys = project.privateKeys.filter((key) => key.id === pair.slice(0, colon));
  if (keys.length === 0) return failures.error(401, texts.unknownKey);
  const secret = pair.slice(colon + 1);
  const known = keys.some((key) => isSecret(secret, key.hash));
  return known ? { project, access: 'private' } : failures.error(403, texts.wrongSecret);
}

export function isRefused(result: Credentials | Reply): result is Reply {
  return 'status' in result;
}
