import { CliFailure } from './failure.ts';

/** Names of events or properties as the admin API has them. */
type Names = '*' | readonly string[] | { readonly except: readonly string[] };

/** A key's permissions as the admin API has them; what is left out is not allowed. */
export interface Permissions {
  readonly events?: { readonly get?: Names; readonly set?: Names };
  readonly properties?: { readonly get?: Names; readonly set?: Names };
  readonly gdpr?: readonly string[];
  readonly consents?: boolean;
  readonly recommendations?: boolean;
}

const gdprRights = ['exportCustomer', 'exportCustomers', 'anonymizeCustomer'];

/** How rights are written on the command line, for help and for failures. */
export const rightsHelp = `a right: events:set:NAME, events:get:NAME, properties:set:NAME, properties:get:NAME (NAME * for all,
also those never seen yet), gdpr:${gdprRights.join(', gdpr:')}, consents, recommendations`;

/** Permissions after a right was given (`allow`) or taken away; throws `CliFailure` for what is no right. */
export function changeRight(permissions: Permissions, right: string, allow: boolean): Permissions {
  const [sort = '', verb = '', ...rest] = right.split(':');
  const name = rest.join(':');
  if ((sort === 'events' || sort === 'properties') && (verb === 'get' || verb === 'set') && name !== '') {
    const names = changeNames(permissions[sort]?.[verb] ?? [], name, allow);
    return { ...permissions, [sort]: { ...permissions[sort], [verb]: names } };
  }
  if (sort === 'gdpr' && gdprRights.includes(verb) && rest.length === 0) {
    const others = (permissions.gdpr ?? []).filter((it) => it !== verb);
    return { ...permissions, gdpr: allow ? [...others, verb] : others };
  }
  if (right === 'consents' || right === 'recommendations') return { ...permissions, [right]: allow };
  throw new CliFailure('usage', `'${right}' is no right; ${rightsHelp.replaceAll('\n', ' ')}`);
}

function changeNames(names: Names, name: string, allow: boolean): Names {
  if (name === '*') return allow ? '*' : [];
  if (names === '*') return allow ? '*' : { except: [name] };
  if ('except' in names) return exceptOf(toggle(names.except, name, !allow));
  return toggle(names, name, allow);
}

function exceptOf(except: readonly string[]): Names {
  return except.length === 0 ? '*' : { except };
}

function toggle(list: readonly string[], name: string, isListed: boolean): readonly string[] {
  const others = list.filter((it) => it !== name);
  return isListed ? [...others, name] : others;
}

/** Permissions as names and values, for people. */
export function describeRights(permissions: Permissions): [string, string][] {
  const { events, properties, gdpr = [], consents = false, recommendations = false } = permissions;
  return [
    ['events get', describeNames(events?.get)],
    ['events set', describeNames(events?.set)],
    ['properties get', describeNames(properties?.get)],
    ['properties set', describeNames(properties?.set)],
    ['gdpr', gdpr.length === 0 ? 'none' : gdpr.join(', ')],
    ['consents', consents ? 'yes' : 'no'],
    ['recommendations', recommendations ? 'yes' : 'no'],
  ];
}

function describeNames(names: Names = []): string {
  if (names === '*') return 'all';
  if ('except' in names) return `all but ${names.except.join(', ')}`;
  return names.length === 0 ? 'none' : names.join(', ');
}
