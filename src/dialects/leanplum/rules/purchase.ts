import type { JsonObject } from '../../../lib/json.ts';
import { factLengthMax } from '../limits.ts';
import { type Parameters, textOf } from '../parameters.ts';
import type { Currencies } from './currency.ts';

/** The value and parameters of an event, as they are kept. */
export interface Priced {
  readonly value: number | null;
  readonly params: JsonObject;
}

const currencyCode = /^[a-z]{3}$/i;

/**
 * What stands beside a purchase (contract 2.2 `track`): its value is turned into the app's currency, and the original
 * is kept as parameters of the event, as is the item. The event is kept whatever they hold. Receipts of the app stores
 * are neither checked nor kept.
 */
export function readPurchase(
  given: Parameters,
  event: Priced,
  { currencies, warnings }: { currencies: Currencies; warnings: string[] },
): Priced {
  return priced(given, withItem(given, event), { currencies, warnings });
}

function priced(
  given: Parameters,
  event: Priced,
  { currencies, warnings }: { currencies: Currencies; warnings: string[] },
): Priced {
  const named = given['currencyCode'] ?? '';
  // Without a value there is nothing to convert.
  if (named === '' || event.value === null) return event;
  const code = textOf(named)?.trim().toUpperCase() ?? '';
  if (!currencyCode.test(code)) {
    warnings.push(`'currencyCode' is invalid; value kept as given.`);
    return event;
  }
  const value = currencies.convert(event.value, code);
  if (value === undefined) {
    warnings.push(`No exchange rate from ${code} to ${currencies.code}; value kept as given.`);
  }
  const params = { ...event.params, localPrice: event.value, localCurrency: code };
  return { value: value ?? event.value, params };
}

/** SDKs name the item among the parameters; one that stands beside them is put there. */
function withItem(given: Parameters, event: Priced): Priced {
  const item = textOf(given['item']) ?? '';
  if (item === '' || item.length > factLengthMax || event.params['item'] !== undefined) return event;
  return { value: event.value, params: { ...event.params, item } };
}
