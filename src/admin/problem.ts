/** Why an action was not done: a value, not an exception. The API has one status for each code. */
export class Problem {
  readonly code: keyof typeof problemStatus;
  readonly message: string;

  constructor(code: Problem['code'], message: string) {
    this.code = code;
    this.message = message;
  }
}

export const problemStatus = {
  /** What was sent is not what the action takes. */
  invalid: 400,
  not_found: 404,
  /** What is there already is in the way. */
  conflict: 409,
  /** A bug of ours; the log says more. */
  internal: 500,
  /** Not now: no room on the disk, too much to do, or about to stop. */
  unavailable: 503,
} as const;
