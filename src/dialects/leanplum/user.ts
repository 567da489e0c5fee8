import type { NamedIdentity } from '../../core/identity.ts';
import type { Json } from '../../lib/json.ts';
import { type Fault, faults } from './fault.ts';
import { type Parameters, textOf } from './parameters.ts';

/** Whom an action names: its ids for the core, and the user as the caller wrote him. */
export interface User {
  readonly ids: readonly NamedIdentity[];
  readonly userId: string | undefined;
  readonly deviceId: string | undefined;
}

/** Of an action that needs no user and names none. */
export const nobody: User = { ids: [], userId: undefined, deviceId: undefined };

/**
 * The users of one call. Neighbours that name the same user share one list of ids, so that everything after can tell
 * by the list that it is the same.
 */
export class Users {
  readonly #outer: { userId: string | undefined; deviceId: string | undefined };
  readonly #outerFault: Fault | undefined;
  #userId: string | undefined;
  #deviceId: string | undefined;
  #last: User | Fault = faults.noUser;

  readonly #idLength: number;

  /** The outer call's ids are defaults for the actions of a batch (contract 4.1); `idLength` is the most an id may have. */
  constructor(outer: Parameters, idLength: number) {
    this.#idLength = idLength;
    this.#outer = { userId: idOf(outer['userId']), deviceId: idOf(outer['deviceId']) };
    this.#outerFault = findBadId(outer);
  }

  /** The user an action names (contract 7.1); a fault when it names none or a name is too long. */
  of(action: Parameters): User | Fault {
    const bad = findBadId(action) ?? this.#outerFault;
    if (bad !== undefined) return bad;
    const userId = idOf(action['userId']) ?? this.#outer.userId;
    const deviceId = idOf(action['deviceId']) ?? this.#outer.deviceId;
    if (userId !== this.#userId || deviceId !== this.#deviceId) {
      this.#last = readUser(userId, deviceId, this.#idLength);
      this.#userId = userId;
      this.#deviceId = deviceId;
    }
    return this.#last;
  }

  /** The name by which a user counts towards the limit of a batch. */
  nameOf(action: Parameters): string | undefined {
    return idOf(action['userId']) ?? this.#outer.userId ?? idOf(action['deviceId']) ?? this.#outer.deviceId;
  }
}

/**
 * The ids of a user who becomes another one; without a new id, or with the same, those he has. Also with his device's: who
 * goes by that is anonymous, and has whatever name the device's user has (design D9).
 */
export function becoming(
  { ids, userId, deviceId }: User,
  newUserId: Json | undefined,
  idLength: number,
): User['ids'] | Fault {
  const next = idOf(newUserId);
  if (next === undefined || next === userId || next === deviceId) return ids;
  if (next.length > idLength) return faults.tooLong('newUserId', idLength);
  return [...ids, { kind: 'user', value: next, attach: true, becomes: true }];
}

/**
 * One id that says whom an action means who is not using a device in it: the user id, or the device when that is all
 * there is. `attach`: somebody unknown becomes known by it.
 */
export function idsToFind({ userId, deviceId }: User, options = { attach: false }): User['ids'] {
  if (userId === undefined) return [{ kind: 'device', value: deviceId as string, ...options }];
  return [
    { kind: 'user', value: userId, ...options },
    { kind: 'device', value: userId, attach: false },
  ];
}

function idOf(value: Json | undefined): string | undefined {
  return textOf(value) || undefined;
}

/** An id of another type is not taken for a missing one: the other id may name somebody else. */
function findBadId(parameters: Parameters): Fault | undefined {
  if (!mayBeId(parameters['userId'])) return faults.invalid('userId');
  return mayBeId(parameters['deviceId']) ? undefined : faults.invalid('deviceId');
}

function mayBeId(value: Json | undefined): boolean {
  return value === undefined || value === null || textOf(value) !== undefined;
}

function readUser(userId: string | undefined, deviceId: string | undefined, idLength: number): User | Fault {
  if (userId === undefined && deviceId === undefined) return faults.noUser;
  if ((userId?.length ?? 0) > idLength) return faults.tooLong('userId', idLength);
  if ((deviceId?.length ?? 0) > idLength) return faults.tooLong('deviceId', idLength);
  const ids: NamedIdentity[] = [];
  // An anonymous user has no user id of his own: he goes by his device's (design D9). Either of the two finds him.
  const isAnonymous = userId === deviceId;
  if (userId !== undefined) ids.push({ kind: 'user', value: userId, attach: !isAnonymous });
  if (deviceId !== undefined) ids.push({ kind: 'device', value: deviceId, attach: true });
  else if (userId !== undefined) ids.push({ kind: 'device', value: userId, attach: false });
  return { ids, userId, deviceId };
}
