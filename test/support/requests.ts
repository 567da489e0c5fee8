import assert from 'node:assert/strict';
import { demoProject } from './demo-project.ts';

/** One Leanplum call as a POST with a JSON body; `params` names the action. */
export function leanplum(
  server: Target,
  params: Record<string, unknown>,
  options: LeanplumOptions = {},
): Promise<Answer<LeanplumBody>> {
  const { appId, keys } = demoProject.leanplum;
  const body = { appId, clientKey: keys[options.key ?? 'production'], apiVersion: '1.0.6', ...params };
  return send(`${server.url}/api`, { 'content-type': 'application/json' }, body, options);
}

/** One Bloomreach call; `{token}` in the path stands for the project token. Without a body it is a GET. */
export function bloomreach(
  server: Target,
  path: string,
  body?: unknown,
  options: BloomreachOptions = {},
): Promise<Answer<BloomreachBody>> {
  const url = server.url + path.replace('{token}', demoProject.bloomreach.projectToken);
  const headers = {
    'content-type': 'application/json',
    authorization: authorization(options.auth ?? 'private'),
  };
  return send(url, headers, body, options);
}

export interface Target {
  readonly url: string;
}

export interface RequestOptions {
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export interface LeanplumOptions extends RequestOptions {
  key?: keyof typeof demoProject.leanplum.keys;
}

export interface BloomreachOptions extends RequestOptions {
  /** Which of the demo project's credentials; anything else is sent as the header itself. */
  auth?: 'public' | 'private' | `${string} ${string}`;
}

export interface Answer<Body> {
  status: number;
  headers: Headers;
  body: Body;
  text: string;
}

export interface LeanplumBody {
  response: LeanplumElement[];
}

export interface LeanplumElement {
  success: boolean;
  reqId?: string;
  error?: { message: string };
  warning?: { message: string };
  userId?: string;
  userAttributes?: Record<string, unknown>;
  events?: Record<string, { count: number; value?: number; firstTime?: number; lastTime?: number }>;
  states?: Record<string, { count: number; firstTime?: number; lastTime?: number }>;
}

export interface BloomreachBody {
  success: boolean;
  error?: string;
  errors?: unknown;
  message?: string;
  time?: number;
  results?: { success: boolean; errors?: string[]; command_id?: string; time?: number; value?: unknown }[];
  ids?: Record<string, string | string[]>;
  properties?: Record<string, unknown>;
  events?: BloomreachEvent[];
  data?: BloomreachEvent[];
}

export interface BloomreachEvent {
  type: string;
  timestamp: number;
  properties: Record<string, unknown>;
}

async function send<Body>(
  url: string,
  headers: Record<string, string>,
  body: unknown,
  options: RequestOptions,
): Promise<Answer<Body>> {
  const answer = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { ...headers, ...options.headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: parse(text, answer.status), text };
}

/** Both dialects promise an envelope for every status, so an answer that is not JSON fails the test that got it. */
function parse<Body>(text: string, status: number): Body {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return assert.fail(`status ${status} came with a body that is not JSON: ${text.slice(0, 500)}`);
  }
}

function authorization(auth: string): string {
  const { publicTokens, privateKeys } = demoProject.bloomreach;
  if (auth === 'public') return `Token ${publicTokens[0]}`;
  if (auth !== 'private') return auth;
  return `Basic ${Buffer.from(`${privateKeys[0].id}:${privateKeys[0].secret}`).toString('base64')}`;
}
