/** How many units of each currency one unit of `base` is worth. */
export interface CurrencyRates {
  readonly base: string;
  readonly rates: Readonly<Record<string, number>>;
}

/** Turns prices into the currency in which an app's revenue is counted. */
export class Currencies {
  /** The app's own. */
  readonly code: string;
  readonly #perBase: ReadonlyMap<string, number>;

  constructor(code: string, table: CurrencyRates | undefined) {
    this.code = code;
    this.#perBase = new Map(table && [...Object.entries(table.rates), [table.base, 1]]);
  }

  /** What a price is in the app's currency; undefined when there is no rate. */
  convert(price: number, code: string): number | undefined {
    if (code === this.code) return price;
    const from = this.#perBase.get(code);
    const to = this.#perBase.get(this.code);
    if (from === undefined || to === undefined) return undefined;
    const value = (price / from) * to;
    return Number.isFinite(value) ? value : undefined;
  }
}
