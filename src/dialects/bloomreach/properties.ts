import {
  isJsonObject,
  isLargerThan,
  type Json,
  type JsonObject,
  notFinite,
  tooDeep,
  weighJson,
} from '../../lib/json.ts';
import { messageBytesMax, nameBytesMax, valueBytesMax } from './limits.ts';
import { texts } from './texts.ts';

const none: JsonObject = Object.freeze({});

/** Reads `properties`; missing, `null` and `{}` are the same. A text is the reason why not. */
export function readProperties(value: Json | undefined): JsonObject | string {
  if (value === undefined || value === null) return none;
  return isJsonObject(value) ? value : texts.propertiesType;
}

/** Checks names, values and sizes (contract 2.7); the first problem's text, if any. Sizes come last (contract 3.4). */
export function findBadProperty(properties: JsonObject): string | undefined {
  let total = 0;
  let tooLarge: string | undefined;
  for (const name in properties) {
    const value = properties[name] as Json;
    if (name === '' || name.length > nameBytesMax || Buffer.byteLength(name) > nameBytesMax) {
      return texts.invalidPropertyName;
    }
    const weight = weighJson(value);
    if (weight === notFinite || weight === tooDeep) return texts.invalidProperty(name);
    if (isLargerThan(value, weight, valueBytesMax)) tooLarge ??= texts.propertyTooLarge(name);
    total += weight + name.length;
  }
  if (tooLarge !== undefined) return tooLarge;
  return isLargerThan(properties, total, messageBytesMax) ? texts.messageTooLarge : undefined;
}
