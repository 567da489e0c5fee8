import { decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { Project } from '../../core/project.ts';
import type { Projects } from '../../engine/projects.ts';
import { parseJson } from '../../lib/json.ts';
import type { SecretBox } from '../../lib/secret-box.ts';
import { type Credentials, findProject } from './credentials.ts';
import { readCustomerIds } from './customer-ids.ts';
import { tokenLengthMax } from './limits.ts';
import { failures, type Reply } from './reply.ts';
import { texts } from './texts.ts';

/** HS256: a customer token; HS512: that of a stream (contract 1.2). No other is ever taken. */
export type TokenAlgorithm = 'HS256' | 'HS512';

export interface TokenRequest {
  readonly projectToken: string;
  readonly authorization: string | undefined;
  readonly algorithm: TokenAlgorithm;
  readonly nowMs: number;
}

export interface TokenParts {
  readonly projects: Projects;
  /** Opens the sealed secrets of private keys. */
  readonly secrets: Pick<SecretBox, 'open'>;
}

const bearer = /^\s*bearer\b/i;

/** Whether a request shows a token and no key. */
export function isToken(authorization: string | undefined): boolean {
  return bearer.test(authorization ?? '');
}

/**
 * Checks `Authorization: Bearer <JWT>` (contract 1.2): signed with a living secret of the private key that `kid` names, not
 * expired, with `ids` that name somebody. Its bearer may do what that key may, where a route takes tokens at all, and is
 * nobody's private key. A failure is 401 in any case: then the SDKs ask the app for a new token.
 */
export async function authenticateByToken(
  request: TokenRequest,
  { projects, secrets }: TokenParts,
): Promise<Credentials | Reply> {
  const project = findProject(request.projectToken, projects);
  if (typeof project === 'string') return failures.error(400, project);
  const token = (request.authorization ?? '').replace(bearer, '').trim();
  const keyId = token.length > tokenLengthMax ? undefined : keyIdOf(token);
  if (keyId === undefined) return failures.error(401, texts.noKey);
  const keys = project.privateKeys.filter(
    ({ id, expiresMs }) => id === keyId && (expiresMs === null || expiresMs > request.nowMs),
  );
  if (keys.length === 0) return failures.error(401, texts.unknownKey);
  for (const { sealed, permissions } of keys) {
    const secret = sealed === null ? undefined : secrets.open(sealed);
    if (secret !== undefined && (await isGood(token, secret, { ...request, project }))) {
      return { project, access: 'customer', permissions };
    }
  }
  return failures.error(401, texts.invalidToken);
}

function keyIdOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).kid;
  } catch {
    return undefined;
  }
}

async function isGood(
  token: string,
  secret: string,
  { algorithm, nowMs, project }: TokenRequest & { project: Project },
): Promise<boolean> {
  try {
    const { payload } = await jwtVerify(token, Buffer.from(secret), {
      algorithms: [algorithm],
      requiredClaims: ['exp', 'ids'],
      currentDate: new Date(nowMs),
    });
    const ids = parseJson(JSON.stringify(payload['ids']));
    return readCustomerIds(ids, project.idTypes).problem === undefined;
  } catch (error) {
    if (error instanceof errors.JOSEError) return false;
    throw error;
  }
}
