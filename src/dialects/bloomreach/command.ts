import type { Command } from '../../core/command.ts';
import type { Permissions } from '../../core/project/permissions.ts';
import type { Project } from '../../core/project.ts';
import { isLargerThan, type JsonObject, weighJson } from '../../lib/json.ts';
import { messageBytesMax } from './limits.ts';
import { texts } from './texts.ts';

/** What a command needs to know of the request it stands in. */
export interface CommandCall {
  readonly project: Project;
  readonly receivedMs: number;
}

/** What a command file gives the table: one wire command, from its data to a command of the core or a text. */
export interface WireCommand {
  readonly name: string;
  /** The text of 3.4 for data that these permissions do not cover; comes before every other check of the data. */
  readonly forbid: (data: JsonObject, permissions: Permissions) => string | undefined;
  readonly toCommand: (data: JsonObject, call: CommandCall) => Command | string;
}

/**
 * The command that some data asks for, or the text why there is none. The size of the whole comes last (contract 2.7, 3.4); no
 * message of a request is too large when the request is not.
 */
export function toCommand(
  wire: WireCommand,
  data: JsonObject,
  call: CommandCall & { readonly body: Uint8Array },
): Command | string {
  const command = wire.toCommand(data, call);
  if (isFailure(command) || call.body.length <= messageBytesMax) return command;
  return isLargerThan(data, weighJson(data), messageBytesMax) ? texts.messageTooLarge : command;
}

/** A command that failed before the core is its text. */
export function isFailure(value: Command | string): value is string {
  return typeof value === 'string';
}
