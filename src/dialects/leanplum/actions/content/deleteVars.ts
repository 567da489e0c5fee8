import type { Action, Translated } from '../../action.ts';
import { type Fault, faults } from '../../fault.ts';
import { variableNamesMax } from '../../limits.ts';
import { isFault, type Parameters, readTexts } from '../../parameters.ts';

/** Removes variables by their full names, or all of a group by its name (contract 2.5). */
export const deleteVars: Action = {
  name: 'deleteVars',
  key: 'development',
  userIsOptional: true,

  toCommand(parameters: Parameters): Translated | Fault {
    const names = readTexts(parameters, 'vars', variableNamesMax);
    if (isFault(names)) return names;
    if (names.length === 0) return faults.missing('vars');
    return { command: undefined, content: { do: 'remove_variables', names } };
  },

  toReply: (_outcome, _call, _parameters, content) => ({ variablesRemoved: content?.removed ?? [] }),
};
