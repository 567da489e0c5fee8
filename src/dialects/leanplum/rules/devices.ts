import type { DeviceFacts } from '../../../core/command.ts';
import { isJsonObject } from '../../../lib/json.ts';
import type { ActionCall } from '../action.ts';
import { readDeviceFacts } from '../facts.ts';
import { type Fault, faults } from '../fault.ts';
import { devicesMax } from '../limits.ts';
import { isFault, listOf, type Parameters, textOf } from '../parameters.ts';
import type { User } from '../user.ts';

/** The user with the devices that a call gives him, and what it says of them. */
export interface NamedDevices {
  readonly ids: User['ids'];
  readonly devices: readonly DeviceFacts[];
}

/**
 * The `devices` of `setUserAttributes` (contract 2.3): each becomes one of this user's if it is nobody's. An anonymous
 * user goes by the one device he has: every other id would name somebody else.
 */
export function readDevices(
  parameters: Parameters,
  { user, settings }: Pick<ActionCall, 'user' | 'settings'>,
  warnings: string[],
): NamedDevices | Fault {
  const { idLength } = settings.limits;
  const list = listOf(parameters, 'devices');
  if (isFault(list)) return list;
  if (list.length > devicesMax) return faults.tooMany('devices', devicesMax);
  const isAnonymous = user.userId === undefined || user.userId === user.deviceId;
  const known = new Set([user.deviceId]);
  const skipped: string[] = [];
  let { ids } = user;
  const devices: DeviceFacts[] = [];
  for (const given of list) {
    const device = isJsonObject(given) ? textOf(given['deviceId']) : undefined;
    if (!isJsonObject(given) || device === undefined || device === '') return faults.invalid('devices');
    if (device.length > idLength) return faults.tooLong('deviceId', idLength);
    const facts = readDeviceFacts(given, device);
    if (isFault(facts)) return facts;
    if (isAnonymous && !known.has(device)) {
      skipped.push(device);
      continue;
    }
    devices.push(...facts);
    if (!known.has(device)) ids = [...ids, { kind: 'device', value: device, attach: true, told: true }];
    known.add(device);
  }
  if (skipped.length > 0) warnings.push(`Devices need a userId; skipped: ${skipped.join(', ')}`);
  return { ids, devices };
}
