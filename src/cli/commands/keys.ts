import { Argument, type Command } from 'commander';
import { CliFailure } from '../failure.ts';
import { list, showTime, table } from '../output.ts';
import type { OpenTerminal } from '../program.ts';
import { changeRight, describeRights, type Permissions, rightsHelp } from '../rights.ts';

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
  readonly expiresMs: number | null;
  readonly revokedMs: number | null;
  readonly permissions: Permissions | null;
}

interface RightOptions {
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

const classes = ['production', 'development', 'dataExport', 'contentReadOnly', 'public', 'private'];
const keep = 'Keep it: it is not shown again.';

export function addKeys(program: Command, open: OpenTerminal): void {
  const keys = program.command('keys').description("list, create, rotate and revoke a project's keys");
  addList(keys, open);
  addCreate(keys, open);
  addPermissions(keys, open);
  addRotate(keys, open);
  addRevoke(keys, open);
}

function pathOf(project: string, key?: string): string {
  const path = `/projects/${encodeURIComponent(project)}/keys`;
  return key === undefined ? path : `${path}/${encodeURIComponent(key)}`;
}

function addList(keys: Command, open: OpenTerminal): void {
  keys
    .command('list')
    .description("a project's keys, the revoked ones too; their values are not kept anywhere")
    .argument('<project>', "the project's name")
    .action(async (project: string, _options: unknown, command: Command) => {
      const terminal = open(command);
      const answer = await terminal.admin.call<{ keys: ListedKey[] }>('GET', pathOf(project));
      terminal.show(answer, () =>
        table(
          ['ID', 'CLASS', 'CREATED', 'ENDS', 'REVOKED', 'KEY ID'],
          answer.keys.map((key) => [
            key.id,
            key.class,
            showTime(key.createdMs),
            showTime(key.expiresMs),
            showTime(key.revokedMs),
            key.keyId,
          ]),
        ),
      );
    });
}

function addCreate(keys: Command, open: OpenTerminal): void {
  const create = keys
    .command('create')
    .description('make a key; its value is shown this once')
    .argument('<project>', "the project's name")
    .addArgument(new Argument('<class>', 'what it may do').choices(classes));
  addRightOptions(create).action(
    async (project: string, keyClass: string, options: RightOptions, command: Command) => {
      const terminal = open(command);
      const isLimited = options.allow.length + options.deny.length > 0;
      const body = { class: keyClass, ...(isLimited && { permissions: changeRights({}, options) }) };
      const answer = await terminal.admin.call<{ key: CreatedKey }>('POST', pathOf(project), body);
      terminal.show(answer, () => `${list(describeKey(answer.key))}\n\n${keep}`);
    },
  );
  create.addHelpText(
    'after',
    '\nA Bloomreach key (public, private) has all rights of its class. With --allow it has those and no others.',
  );
}

function addPermissions(keys: Command, open: OpenTerminal): void {
  const permissions = keys
    .command('permissions')
    .description('what a Bloomreach key may do; with --allow and --deny, change it')
    .argument('<project>', "the project's name")
    .argument('<id>', 'the id that the list shows');
  addRightOptions(permissions).action(
    async (project: string, id: string, options: RightOptions, command: Command) => {
      const terminal = open(command);
      const { keys: all } = await terminal.admin.call<{ keys: ListedKey[] }>('GET', pathOf(project));
      const key = all.find((it) => it.id === id.toLowerCase());
      if (key === undefined) throw new CliFailure('notFound', `Project '${project}' has no key '${id}'`);
      if (key.permissions === null) {
        throw new CliFailure('failed', `Keys of the class '${key.class}' have no permissions`);
      }
      const permissions = changeRights(key.permissions, options);
      if (options.allow.length + options.deny.length > 0) {
        await terminal.admin.call('PUT', `${pathOf(project, id)}/permissions`, permissions);
      }
      terminal.show({ permissions }, () => list(describeRights(permissions)));
    },
  );
}

function addRotate(keys: Command, open: OpenTerminal): void {
  keys
    .command('rotate')
    .description('give a private key a new secret, shown this once; the one before works for 24 hours more')
    .argument('<project>', "the project's name")
    .argument('<id>', 'the id that the list shows')
    .action(async (project: string, id: string, _options: unknown, command: Command) => {
      const terminal = open(command);
      const answer = await terminal.admin.call<{ key: CreatedKey; previousUntilMs: number }>(
        'POST',
        `${pathOf(project, id)}/rotate`,
      );
      const until = showTime(answer.previousUntilMs);
      terminal.show(
        answer,
        () => `${list(describeKey(answer.key))}\n\n${keep} The secret before it works until ${until}.`,
      );
    });
}

function addRevoke(keys: Command, open: OpenTerminal): void {
  keys
    .command('revoke')
    .description('end a key: no request gets in with it any more; there is no way back')
    .argument('<project>', "the project's name")
    .argument('<id>', 'the id that the list shows; each secret of a private key that was rotated has its own')
    .action(async (project: string, id: string, _options: unknown, command: Command) => {
      const terminal = open(command);
      const answer = await terminal.admin.call<{ revoked: string }>('DELETE', pathOf(project, id));
      terminal.show(answer, () => `Key ${answer.revoked} is revoked.`);
    });
}

function addRightOptions(command: Command): Command {
  const collect = (right: string, before: readonly string[]) => [...before, right];
  return command
    .option('--allow <right>', `give a right (may be repeated); ${rightsHelp}`, collect, [])
    .option('--deny <right>', 'take a right away, after those that are given (may be repeated)', collect, []);
}

function changeRights(before: Permissions, { allow, deny }: RightOptions): Permissions {
  const allowed = allow.reduce((permissions, right) => changeRight(permissions, right, true), before);
  return deny.reduce((permissions, right) => changeRight(permissions, right, false), allowed);
}

/** A new key as names and values, and the id by which the list shows it; a private Bloomreach key has two halves. */
export function describeKey({ id, class: name, keyId, value }: CreatedKey): [string, string][] {
  if (keyId === '') return [[`${name} key (${id})`, value]];
  return [
    [`${name} key id`, keyId],
    [`${name} key secret (${id})`, value],
  ];
}
