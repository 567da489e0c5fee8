import assert from 'node:assert/strict';
import { type Answer, bloomreach, type LeanplumElement, leanplum, type Target } from '../support/requests.ts';

/** No answer takes this long: a test that waits longer has found a hang. */
const answerWithinMs = 15_000;

/** A request as it goes over the wire, byte for byte. */
export interface WireRequest {
  method?: string;
  headers?: Record<string, string>;
  /** Bytes get no content type unless `headers` has one; a stream goes out in chunks, without a content length. */
  body?: string | Uint8Array<ArrayBuffer> | ReadableStream;
}

/** Sends it as it is. The answer has to be JSON, whatever its status. */
export async function send<Body = unknown>(
  server: Target,
  path: string,
  request: WireRequest = {},
): Promise<Answer<Body>> {
  const { method = request.body === undefined ? 'GET' : 'POST', headers = {}, body } = request;
  const answer = await fetch(server.url + path, {
    method,
    headers,
    signal: AbortSignal.timeout(answerWithinMs),
    ...(body === undefined ? {} : { body }),
    ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
  });
  const text = await answer.text();
  assert.ok(isJson(text), `${method} ${path} got status ${answer.status} and no JSON: ${text.slice(0, 300)}`);
  return { status: answer.status, headers: answer.headers, body: JSON.parse(text) as Body, text };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A query string or a form body. Objects are written as JSON, as the SDKs do. */
export function form(fields: Record<string, unknown>): string {
  const entries = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return new URLSearchParams(entries).toString();
}

/** The one element of an answer that has to have one. */
export function onlyElement(answer: Answer<{ response: LeanplumElement[] }>): LeanplumElement {
  assert.equal(answer.body.response.length, 1, answer.text);
  return answer.body.response[0] as LeanplumElement;
}

/** What `exportUser` shows of a user; an unknown one is an element with a warning. */
export async function exportUser(server: Target, ids: UserIds): Promise<ExportedUser> {
  const answer = await leanplum(server, { action: 'exportUser', ...ids }, { key: 'dataExport' });
  assert.equal(answer.status, 200, answer.text);
  return onlyElement(answer) as ExportedUser;
}

export interface UserIds {
  userId?: unknown;
  deviceId?: unknown;
}

export interface ExportedUser extends LeanplumElement {
  created?: number;
  lastActive?: number | null;
  totalSessions?: number;
  timeSpentInApp?: number;
  userBucket?: number;
  devices?: { deviceId: string }[];
}

/** The lifetime counters of a user's events; none for a user nobody knows. */
export async function countsOf(server: Target, userId: unknown): Promise<Record<string, number>> {
  const { events = {} } = await exportUser(server, { userId });
  return Object.fromEntries(Object.entries(events).map(([name, { count }]) => [name, count]));
}

/** What `customers/export-one` shows of a customer, who has to exist. */
export async function exportOne(server: Target, customerIds: Record<string, unknown>): Promise<Customer> {
  const path = '/data/v2/projects/{token}/customers/export-one';
  const answer = await bloomreach(server, path, { customer_ids: customerIds });
  assert.equal(answer.status, 200, answer.text);
  return answer.body as unknown as Customer;
}

export interface Customer {
  success: boolean;
  ids: Record<string, string | string[]>;
  properties: Record<string, unknown>;
  events: { type: string; timestamp: number; properties: Record<string, unknown> }[];
}

/** The text of `exportUser` for a user nobody knows. */
export const userNotFound =
  '{"response":[{"success":true,"warning":{"message":"User not found; request skipped."}}]}';

export function isNear(actual: number | null | undefined, expected: number, withinSec = 20): void {
  assert.ok(typeof actual === 'number', `not a number: ${actual}`);
  assert.ok(
    Math.abs(actual - expected) <= withinSec,
    `${actual} is not within ${withinSec} s of ${expected}`,
  );
}

export function nowSec(): number {
  return Date.now() / 1000;
}
