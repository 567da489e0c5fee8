import type { Static, TSchema } from 'typebox';
import type { AdminParts } from './parts.ts';
import type { Problem } from './problem.ts';

/** One action of the admin API: where it is, what it takes and gives, and what it does. */
export interface AdminAction {
  /** Names it in OpenAPI and in the log. */
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below /admin/v1. */
  readonly path: string;
  /** One sentence for OpenAPI. */
  readonly summary: string;
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** Of a success; left out: 200. */
  readonly status?: 201 | 202;
  readonly result: TSchema;
  /** Gets what fits the schemas; gives what fits `result`, or says why not. */
  handle(call: never, parts: AdminParts): Promise<unknown>;
}

/** Checks an action's handler against its schemas; the value is the action as it is given. */
export function defineAction<
  Result extends TSchema,
  Params extends TSchema = TSchema,
  Query extends TSchema = TSchema,
  Body extends TSchema = TSchema,
>(
  action: Omit<AdminAction, 'handle'> & {
    readonly params?: Params;
    readonly query?: Query;
    readonly body?: Body;
    readonly result: Result;
    handle(
      call: {
        readonly params: Static<Params>;
        readonly query: Static<Query>;
        readonly body: Static<Body>;
      },
      parts: AdminParts,
    ): Promise<Static<Result> | Problem>;
  },
): AdminAction {
  return action;
}
