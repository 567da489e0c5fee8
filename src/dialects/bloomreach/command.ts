import type { Command } from '../../core/command.ts';
import type { Permissions } from '../../core/project/permissions.ts';
import type { JsonObject } from '../../lib/json.ts';

/** What a command file gives the table: one wire command, from its data to a command of the core or a text. */
export interface WireCommand {
  readonly name: string;
  /** The text of 3.4 for data that these permissions do not cover; comes before every other check of the data. */
  readonly forbid: (data: JsonObject, permissions: Permissions) => string | undefined;
  readonly toCommand: (data: JsonObject, receivedMs: number) => Command | string;
}

/** A command that failed before the core is its text. */
export function isFailure(value: Command | string): value is string {
  return typeof value === 'string';
}
