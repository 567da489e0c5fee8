import { Type } from 'typebox';
import type { LeanplumKeyClass } from '../../../core/project.ts';
import { type Action, type ActionCall, askForUser, type Translated } from '../action.ts';
import { type Fault, faults } from '../fault.ts';
import { type Parameters, textOf } from '../parameters.ts';
import { WireBoolean, WireText, wireCheck } from '../wire-types.ts';

/*
 * Actions on tests, messages and the like. Nothing makes such things yet, so that lists are empty and every id is
 * unknown: the true answers, until somebody can make one.
 */

const options = { includeDrafts: WireBoolean, recent: WireBoolean };

/** Lists them, under `field`: none (contract 2.7, 2.8). */
export function emptyList(name: string, key: LeanplumKeyClass, field: string): Action {
  const check = wireCheck(Type.Object(options));
  return {
    name,
    key,
    userIsOptional: true,
    toCommand: (parameters) => check(parameters) ?? { command: undefined },
    toReply: () => ({ [field]: [] }),
  };
}

/** Shows the one with the `id` that is given: there is none (contract 1.14, 2.7, 2.8). */
export function unknownById(name: string, notFound: Fault): Action {
  const check = wireCheck(Type.Object({ ...options, id: WireText }));
  return {
    name,
    key: 'contentReadOnly',
    userIsOptional: true,
    toCommand: (parameters) =>
      check(parameters) ?? (textOf(parameters['id'] ?? '') === '' ? faults.missing('id') : notFound),
    toReply: () => ({}),
  };
}

/** Does something for a user with the one whose id is `parameter`: a warning, since there is none (contract 2.7). */
export function unknownForUser(
  name: string,
  key: LeanplumKeyClass,
  options: { parameter: string; notFound: string },
): Action {
  const { parameter, notFound } = options;
  const check = wireCheck(Type.Object({ [parameter]: WireText }));
  return {
    name,
    key,
    toCommand(parameters: Parameters, call: ActionCall): Translated | Fault {
      const problem = check(parameters);
      if (problem !== undefined) return problem;
      if (textOf(parameters[parameter] ?? '') === '') return faults.missing(parameter);
      return { warning: notFound, command: askForUser(parameters, call) };
    },
    toReply: () => ({}),
  };
}
