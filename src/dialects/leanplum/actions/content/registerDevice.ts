import { Type } from 'typebox';
import type { Action, ActionCall, Translated } from '../../action.ts';
import { type Fault, faults } from '../../fault.ts';
import { emailLengthMax } from '../../limits.ts';
import { type Parameters, textOf } from '../../parameters.ts';
import { WireText, wireCheck } from '../../wire-types.ts';

const check = wireCheck(Type.Object({ deviceId: WireText, email: WireText }));

/** Marks a device as that of a developer, by his e-mail address (contract 2.4); the newest address stays. */
export const registerDevice: Action = {
  name: 'registerDevice',
  key: 'development',

  toCommand(parameters: Parameters, { user }: ActionCall): Translated | Fault {
    const problem = check(parameters);
    if (problem !== undefined) return problem;
    if (user.deviceId === undefined) return faults.missing('deviceId');
    const email = textOf(parameters['email']) ?? '';
    if (email === '') return faults.missing('email');
    if (email.length > emailLengthMax) return faults.tooLong('email', emailLengthMax);
    const content = { do: 'register_device', device: user.deviceId, email } as const;
    return { command: undefined, content };
  },

  toReply: (_outcome, _call, _parameters, content) => ({ registered: content?.isNewDevice ?? false }),
};
