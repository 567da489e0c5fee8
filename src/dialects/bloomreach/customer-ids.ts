import type { NamedIdentity } from '../../core/identity.ts';
import type { IdentityKind, Profile } from '../../core/profile.ts';
import { isJsonObject, type Json } from '../../lib/json.ts';
import { idLengthMax, idValuesMax } from './limits.ts';

/** The id types of a project and the kinds they are here: the defaults of contract 2.6. */
const kindOf: ReadonlyMap<string, IdentityKind> = new Map([
  ['registered', 'user'],
  ['cookie', 'cookie'],
]);

export type CustomerIds =
  | { readonly ids: readonly NamedIdentity[]; readonly problem: undefined }
  | { readonly problem: 'none' | 'none_valid' };

/**
 * Reads `customer_ids` (contract 2.6): numbers count as their text, unknown types and unusable values beside a good
 * one are ignored, soft types take arrays, a hard type an array of one.
 */
export function readCustomerIds(value: Json | undefined): CustomerIds {
  if (!isJsonObject(value) || Object.keys(value).length === 0) return { problem: 'none' };
  const ids: NamedIdentity[] = [];
  for (const [type, given] of Object.entries(value)) {
    const kind = kindOf.get(type);
    if (kind === undefined) continue;
    const list = Array.isArray(given) ? given : [given];
    if (list.length > (kind === 'user' ? 1 : idValuesMax)) continue;
    for (const item of list) {
      const text = typeof item === 'number' && Number.isFinite(item) ? String(item) : item;
      if (typeof text !== 'string' || !isUsable(text)) continue;
      if (!ids.some((id) => id.kind === kind && id.value === text))
        ids.push({ kind, value: text, attach: true });
    }
  }
  return ids.length === 0 ? { problem: 'none_valid' } : { ids, problem: undefined };
}

/** At least one letter or digit of any script, and not the word for nothing of some language. */
function isUsable(text: string): boolean {
  return text.length <= idLengthMax && /[\p{L}\p{N}]/u.test(text) && !/^(null|undefined)$/i.test(text);
}

/** The types of ids that this dialect shows. */
export const idTypes: readonly string[] = [...kindOf.keys()];

/** The ids this dialect shows of a profile: hard ids as text, soft ids as arrays (contract 2.6). */
export function showIds(profile: Pick<Profile, 'identities'>): Map<string, string | string[]> {
  const shown = new Map<string, string | string[]>();
  for (const [type, kind] of kindOf) {
    const values = profile.identities.filter((it) => it.kind === kind).map((it) => it.value);
    if (kind !== 'user') shown.set(type, values);
    else if (values[0] !== undefined) shown.set(type, values[0]);
  }
  return shown;
}
