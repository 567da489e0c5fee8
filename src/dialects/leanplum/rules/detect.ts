import type { IncomingMessage } from 'node:http';
import Negotiator from 'negotiator';
import type { ClientAddressOf } from '../../../http/client-address.ts';
import type { Place, Places } from '../../../http/places.ts';

/** Asks the server to find out; what it cannot find out stays as it is (contract 2.2 `start`). */
export const detect = '(detect)';

/** By what the server finds out. */
export interface Detectors {
  readonly addressOf: ClientAddressOf;
  readonly places: Places;
}

/** Where a call came from. Nothing is found out before it is asked for, and then once for all actions of the call. */
export class Origin {
  readonly #request: Pick<IncomingMessage, 'headers' | 'socket'>;
  readonly #detectors: Detectors;
  #address: string | undefined;
  #place: Place | undefined;
  #isAsked = false;
  #isWaiting = false;

  constructor(request: Pick<IncomingMessage, 'headers' | 'socket'>, detectors: Detectors) {
    this.#request = request;
    this.#detectors = detectors;
  }

  /** Somebody asked for the place and has to ask again after `open`. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** Opens what the place is looked up in. */
  async open(): Promise<void> {
    if (this.#address !== undefined) await this.#detectors.places.open(this.#address);
    this.#isWaiting = false;
    this.#isAsked = false;
  }

  /** Where the caller's address is; undefined when nobody knows. */
  get place(): Place | undefined {
    if (this.#isAsked) return this.#place;
    this.#isAsked = true;
    this.#address ??= this.#detectors.addressOf(this.#request);
    if (this.#address === undefined) return undefined;
    const found = this.#detectors.places.find(this.#address);
    if (found === 'unread') this.#isWaiting = true;
    else this.#place = found;
    return this.#place;
  }

  /** What the caller likes to read most, in the form `en_US`. */
  get locale(): string | undefined {
    return localeOf(this.#request.headers['accept-language']);
  }
}

/** The locale that an Accept-Language header puts first. */
export function localeOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const negotiator = new Negotiator({ headers: { 'accept-language': header } } as IncomingMessage);
  for (const tag of negotiator.languages()) {
    const locale = tag === '*' ? undefined : parseTag(tag);
    if (locale !== undefined) return locale;
  }
  return undefined;
}

function parseTag(tag: string): string | undefined {
  try {
    const { language, region } = new Intl.Locale(tag);
    return region === undefined ? language : `${language}_${region}`;
  } catch {
    return undefined;
  }
}
