import type { ItemChange, ItemResult } from '../../../engine/catalog-store.ts';
import { isJsonObject, type Json } from '../../../lib/json.ts';
import { findBadProperty, readProperties } from '../properties.ts';
import { texts } from '../texts.ts';
import { readShortText } from './catalog-actions.ts';

/** Why an item was not written, by field. */
export type ItemErrors = Readonly<Record<string, readonly string[]>>;

/** Undefined names that an answer repeats. */
const namesShown = 10;

/** Reads `properties` of an item that is written whole (`put`) or in part (`patch`). */
export function readItem(
  way: 'put' | 'patch',
  id: Json | undefined,
  given: Json | undefined,
): ItemChange | { readonly errors: ItemErrors } {
  const text = readShortText(id);
  if (text === undefined) return { errors: { item_id: [texts.shortText] } };
  const properties = readProperties(given);
  if (typeof properties === 'string') return { errors: { properties: [properties] } };
  const bad = findBadProperty(properties);
  return bad === undefined ? { do: way, id: text, properties } : { errors: { properties: [bad] } };
}

/** Reads an item to be deleted: its id, or an object that has it. */
export function readItemId(given: Json | undefined): ItemChange | { readonly errors: ItemErrors } {
  const id = readShortText(isJsonObject(given) ? given['item_id'] : given);
  return id === undefined ? { errors: { item_id: [texts.shortText] } } : { do: 'delete', id };
}

/** The texts for a result of the store; undefined when it was done. */
export function errorsOf(result: ItemResult, id: string): ItemErrors | undefined {
  switch (result.problem) {
    case undefined:
      return undefined;
    case 'no_item':
      return { _global: [texts.noItem(id)] };
    case 'undefined_fields':
      return { properties: [texts.undefinedFields(result.fields.slice(0, namesShown).join(', '))] };
    case 'item_too_large':
      return { properties: [texts.itemTooLarge] };
    case 'too_many_items':
      return { _global: [texts.tooManyItemsHeld] };
  }
}
