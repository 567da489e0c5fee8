/** Why an action, or a whole call, is not carried out: the literal text, and the status when it stands alone. */
export class Fault {
  readonly message: string;
  readonly status: number;

  constructor(message: string, status: number) {
    this.message = message;
    this.status = status;
  }
}

/** The literal strings of contract 1.9 and 1.14, and ours modelled on them. */
export const faults = {
  missing: (parameter: string) => new Fault(`'${parameter}' must be provided`, 400),
  invalid: (parameter: string) => new Fault(`'${parameter}' is invalid.`, 400),
  tooLong: (parameter: string, max: number) =>
    new Fault(`'${parameter}' must have at most ${max} characters.`, 400),
  tooMany: (parameter: string, max: number) =>
    new Fault(`'${parameter}' must have at most ${max} entries.`, 400),
  tooLarge: (parameter: string, name: string, max: number) =>
    new Fault(`'${parameter}' has a value of more than ${max} bytes: '${name}'.`, 400),
  badName: (kind: string, name: string) => new Fault(`${kind} '${name}' name is invalid.`, 400),
  tooManyBytes: (parameter: string, max: number) =>
    new Fault(`'${parameter}' must have less than ${max} bytes.`, 400),
  badValue: (kind: string, name: string) => new Fault(`${kind} '${name}' value is invalid.`, 400),
  /** Of a counter: found while the call is carried out, so it was received (contract 1.9). */
  badField: (kind: string, name: string, field: string) =>
    new Fault(`${kind} '${name}' ${field} is invalid.`, 200),
  noUser: new Fault('Invalid app/user combination', 400),
  actionNotFound: new Fault('Action not found', 400),
  notSupported: (action: string) => new Fault(`Action not supported yet: ${action}`, 200),
  invalidJson: new Fault('Request body is not valid JSON.', 400),
  unsupportedBody: (what: string) => new Fault(`Request body is not supported: ${what}.`, 400),
  appNotFound: new Fault('App not found', 404),
  invalidKey: new Fault('Invalid access key', 403),
  noDevMode: new Fault('Development mode requested but not permitted', 403),
  tooManyActions: new Fault('Too many actions in batch.', 403),
  tooManyUsers: new Fault('Too many users in batch.', 403),
  tooManyFields: (max: number) => new Fault(`Request has more than ${max} fields.`, 400),
  tooLargeBody: (max: number) => new Fault(`Request body has more than ${max} bytes.`, 413),
  unavailable: new Fault('Service temporarily unavailable; try again later.', 503),
  abTestNotFound: new Fault('A/B test not found.', 404),
  variantNotFound: new Fault('Variant not found.', 404),
  messageNotFound: new Fault('Message not found.', 404),
  deviceTooFast: new Fault('Per device rate limit exceeded.', 429),
  userTooFast: new Fault('Too Many Requests.', 429),
  answerTooLarge: (max: number) =>
    new Fault(`Done, but the answer to the batch would have more than ${max} characters.`, 200),
  userBusy: new Fault('Request failed due to concurrent requests to the same profile ID', 429),
  methodNotAllowed: new Fault('Method not allowed', 405),
  profileFull: new Fault('User profile is too large; request skipped.', 200),
  blocked: new Fault('Unavailable For Legal Reasons', 451),
  internal: new Fault('Internal server error', 500),
} as const;
