import type { Action, ActionCall, ReplyFields, Translated } from '../action.ts';
import { createsUser } from '../action.ts';
import { readActionTime } from '../clock.ts';
import { readDeviceFacts } from '../facts.ts';
import { type Fault, faults } from '../fault.ts';
import { noUpdate } from '../no-update.ts';
import { isFault, objectOf, type Parameters } from '../parameters.ts';

const noFields = 'No device attributes given; request skipped.';

/** Says what is known about a device; it and its user are created if need be (contract 2.3 `setDeviceAttributes`). */
export const setDeviceAttributes: Action = {
  name: 'setDeviceAttributes',
  key: 'production',

  toCommand(parameters: Parameters, { user, clock }: ActionCall): Translated | Fault {
    const timeSec = readActionTime(parameters, clock);
    if (isFault(timeSec)) return timeSec;
    if (user.deviceId === undefined) return faults.missing('deviceId');
    // A client library wraps the fields in an object.
    const wrapped = objectOf(parameters, 'deviceAttributes');
    if (isFault(wrapped)) return wrapped;
    const devices = readDeviceFacts({ ...parameters, ...wrapped }, user.deviceId);
    if (isFault(devices)) return devices;
    return {
      warning: devices.length === 0 ? noFields : undefined,
      command: {
        kind: 'update_profile',
        ids: user.ids,
        create: devices.length > 0 && createsUser(parameters, true),
        ...noUpdate,
        devices,
        timeSec,
      },
    };
  },

  toReply(): ReplyFields {
    return {};
  },
};
