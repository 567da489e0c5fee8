import { Argument, type Command } from 'commander';
import { list, showTime, table } from '../output.ts';
import type { OpenTerminal } from '../program.ts';

export interface CreatedKey {
  readonly id: string;
  readonly class: string;
  readonly keyId: string;
  readonly value: string;
}

interface ListedKey {
  readonly id: string;
  readonly class: string;
  readonly keyId: string;
  readonly createdMs: number | null;
  readonly revokedMs: number | null;
}

const classes = ['production', 'development', 'dataExport', 'contentReadOnly', 'public', 'private'];

export function addKeys(program: Command, open: OpenTerminal): void {
  const keys = program.command('keys').description("list, create and revoke a project's keys");
  const pathOf = (project: string) => `/projects/${encodeURIComponent(project)}/keys`;

  keys
    .command('list')
    .description("a project's keys, the revoked ones too; their values are not kept anywhere")
    .argument('<project>', "the project's name")
    .action(async (project: string, _options: unknown, command: Command) => {
      const terminal = open(command);
      const answer = await terminal.admin.call<{ keys: ListedKey[] }>('GET', pathOf(project));
      terminal.show(answer, () =>
        table(
          ['ID', 'CLASS', 'CREATED', 'REVOKED', 'KEY ID'],
          answer.keys.map((key) => [
            key.id,
            key.class,
            showTime(key.createdMs),
            showTime(key.revokedMs),
            key.keyId,
          ]),
        ),
      );
    });

  keys
    .command('create')
    .description('make a key; its value is shown this once')
    .argument('<project>', "the project's name")
    .addArgument(new Argument('<class>', 'what it may do').choices(classes))
    .action(async (project: string, keyClass: string, _options: unknown, command: Command) => {
      const terminal = open(command);
      const body = { class: keyClass };
      const answer = await terminal.admin.call<{ key: CreatedKey }>('POST', pathOf(project), body);
      terminal.show(answer, () => `${list(describeKey(answer.key))}\n\nKeep it: it is not shown again.`);
    });

  keys
    .command('revoke')
    .description('end a key: no request gets in with it any more; there is no way back')
    .argument('<project>', "the project's name")
    .argument('<id>', 'the id that the list shows')
    .action(async (project: string, id: string, _options: unknown, command: Command) => {
      const terminal = open(command);
      const path = `${pathOf(project)}/${encodeURIComponent(id)}`;
      const answer = await terminal.admin.call<{ revoked: string }>('DELETE', path);
      terminal.show(answer, () => `Key ${answer.revoked} is revoked.`);
    });
}

/** A new key as names and values; a private Bloomreach key has two halves. */
export function describeKey({ class: name, keyId, value }: CreatedKey): [string, string][] {
  if (keyId === '') return [[`${name} key`, value]];
  return [
    [`${name} key id`, keyId],
    [`${name} key secret`, value],
  ];
}
