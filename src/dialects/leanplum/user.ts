import type { NamedIdentity } from '../../core/identity.ts';
import { type Fault, faults } from './fault.ts';
import { idLengthMax } from './limits.ts';
import { type Parameters, textOf } from './parameters.ts';

/** Whom an action names: its ids for the core, and the user as the caller wrote him. */
export interface User {
  readonly ids: readonly NamedIdentity[];
  readonly userId: string | undefined;
  readonly deviceId: string | undefined;
}

/** The users of one call, each made once: neighbours that name the same user share one list of ids. */
export class Users {
  readonly #known = new Map<string, User | Fault>();

  /** The user an action names (contract 7.1); a fault when it names none or a name is too long. */
  of(parameters: Parameters): User | Fault {
    const userId = textOf(parameters['userId']) || undefined;
    const deviceId = textOf(parameters['deviceId']) || undefined;
    const key = `${userId ?? ''}\n${deviceId ?? ''}`;
    let user = this.#known.get(key);
    if (user === undefined) {
      user = readUser(userId, deviceId);
      this.#known.set(key, user);
    }
    return user;
  }
}

function readUser(userId: string | undefined, deviceId: string | undefined): User | Fault {
  if (userId === undefined && deviceId === undefined) return faults.noUser;
  if ((userId?.length ?? 0) > idLengthMax) return faults.tooLong('userId', idLengthMax);
  if ((deviceId?.length ?? 0) > idLengthMax) return faults.tooLong('deviceId', idLengthMax);
  const ids: NamedIdentity[] = [];
  // An anonymous user has no user id of his own: he goes by his device's (design D9). Either of the two finds him.
  const isAnonymous = userId === deviceId;
  if (userId !== undefined) ids.push({ kind: 'user', value: userId, attach: !isAnonymous });
  if (deviceId !== undefined) ids.push({ kind: 'device', value: deviceId, attach: true });
  else if (userId !== undefined) ids.push({ kind: 'device', value: userId, attach: false });
  return { ids, userId, deviceId };
}
