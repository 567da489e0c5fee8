import type { NamedIdentity } from '../../core/identity.ts';
import { isHard, type Profile } from '../../core/profile.ts';
import type { IdTypes } from '../../core/project/id-types.ts';
import { isJsonObject, type Json } from '../../lib/json.ts';
import { idLengthMax, idsMax, idValuesMax } from './limits.ts';
import { texts } from './texts.ts';

export type CustomerIds =
  | { readonly ids: readonly NamedIdentity[]; readonly problem: undefined }
  | { readonly problem: keyof typeof idProblems };

/** What a command says of ids that cannot be used (contract 3.4). */
export const idProblems = {
  none: texts.noIds,
  none_valid: texts.noValidIds,
  too_many: texts.tooManyIds,
} as const;

/** What a call about one customer says of them, reads and anonymizing alike (contract 4.1, 4.5). */
export const lookUpProblems = {
  none: texts.mustSpecifyIds,
  none_valid: texts.mustSpecifyIds,
  too_many: texts.tooManyIds,
} as const satisfies Record<keyof typeof idProblems, string>;

/**
 * Reads `customer_ids` (contract 2.6): numbers count as their text, types that the project does not know and unusable
 * values beside a good one are ignored, soft types take arrays, a hard type an array of one. Several hard ids come in the
 * order in which their types are declared: the first decides when they contradict each other. More than `idsMax` ids are
 * refused, as which of them count would be a guess.
 */
export function readCustomerIds(value: Json | undefined, types: IdTypes): CustomerIds {
  if (!isJsonObject(value) || Object.keys(value).length === 0) return { problem: 'none' };
  const ids: NamedIdentity[] = [];
  let hardIds = 0;
  for (const [type, given] of Object.entries(value)) {
    const kind = types.get(type);
    if (kind === undefined) continue;
    const isOne = isHard(kind);
    const list = Array.isArray(given) ? given : [given];
    if (list.length > (isOne ? 1 : idValuesMax)) continue;
    for (const item of list) {
      const text = typeof item === 'number' && Number.isFinite(item) ? String(item) : item;
      if (typeof text !== 'string' || !isUsable(text)) continue;
      if (ids.some((id) => id.kind === kind && id.value === text)) continue;
      if (ids.length >= idsMax) return { problem: 'too_many' };
      ids.push({ kind, value: text, attach: true });
      if (isOne) hardIds += 1;
    }
  }
  if (hardIds > 1) sortByType(ids, types);
  return ids.length === 0 ? { problem: 'none_valid' } : { ids, problem: undefined };
}

/** At least one letter or digit of any script, and not the word for nothing of some language. */
function isUsable(text: string): boolean {
  return text.length <= idLengthMax && /[\p{L}\p{N}]/u.test(text) && !/^(null|undefined)$/i.test(text);
}

function sortByType(ids: NamedIdentity[], types: IdTypes): void {
  const kinds = [...types.values()];
  ids.sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind));
}

/** The ids this dialect shows of a profile: hard ids as text, soft ids as arrays (contract 2.6). */
export function showIds(
  profile: Pick<Profile, 'identities'>,
  types: IdTypes,
): Map<string, string | string[]> {
  const shown = new Map<string, string | string[]>();
  for (const [type, kind] of types) {
    const values = profile.identities.filter((it) => it.kind === kind).map((it) => it.value);
    if (!isHard(kind)) shown.set(type, values);
    else if (values[0] !== undefined) shown.set(type, values[0]);
  }
  return shown;
}
