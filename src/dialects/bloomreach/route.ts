import type { WriteRequest } from './batch.ts';
import type { Credentials } from './credentials.ts';
import type { TokenAlgorithm } from './customer-token.ts';
import type { Answer } from './reply.ts';

/** A request as a route with a file of its own sees it. */
export interface Call {
  readonly receivedMs: number;
  readonly body: Uint8Array;
  /** Parts of the address that the path names. */
  readonly params: Readonly<Record<string, string>>;
  /** What is given twice counts as it is given last. */
  readonly query: Readonly<Record<string, string>>;
  /** The header `Cookie`. */
  readonly cookies: string;
  readonly idempotencyKey: WriteRequest['idempotencyKey'];
}

/** A request whose caller is known. */
export interface KeyedCall extends Call {
  readonly credentials: Credentials;
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

interface Address<Given extends Call> {
  readonly path: string;
  readonly methods: { readonly [method in Method]?: (call: Given) => Answer | Promise<Answer> };
}

/** A route whose callers show a key before their body is read; the path names the project, or a member of the query. */
export interface KeyedRoute extends Address<KeyedCall> {
  readonly project: 'path' | 'project_id' | 'stream_id';
  /** How a token of a customer is signed where it takes the place of a key (contract 1.2). */
  readonly token?: TokenAlgorithm;
  /** Pages call it too, and have no key to show; only with the legacy module (decision 110). */
  readonly keyless?: boolean;
}

/** A route that anybody may call; the body may say for which project. */
export interface OpenRoute extends Address<Call> {
  readonly project: null;
  readonly token?: undefined;
  readonly keyless?: undefined;
}

export type Route = KeyedRoute | OpenRoute;

/** The call as a write to a project, with what its caller may do there. */
export function writeTo(
  { project, permissions }: Pick<Credentials, 'project' | 'permissions'>,
  { receivedMs, body, idempotencyKey }: Call,
): WriteRequest {
  return { project, permissions, receivedMs, body, query: '', idempotencyKey };
}
