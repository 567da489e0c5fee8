import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { Reader, type Response } from 'mmdb-lib';

/** Where an address is, as far as the database knows. */
export interface Place {
  /** ISO code, such as `US`. */
  readonly country: string | undefined;
  /** The part of its ISO code behind the country's, in small letters (`ca`), or else its name. */
  readonly region: string | undefined;
  readonly city: string | undefined;
  /** `latitude,longitude` */
  readonly location: string | undefined;
}

/** The files of a database in MaxMind's format (.mmdb); one may be both. */
export interface PlaceFiles {
  readonly ipv4: string;
  readonly ipv6: string;
}

/** Addresses of every machine: nothing has to be read for them. */
const nowhere: ReadonlySet<string> = new Set(['loopback', 'linkLocal', 'unspecified']);

/** A record may have one of two forms: MaxMind's, or that of the database that comes with us. */
type Fields = { readonly [name: string]: unknown };

/**
 * Finds places by address in local files. Each is read when it is first needed, whole (reading takes a third of a
 * second, on another thread), and then stays in memory.
 */
export class Places {
  readonly #files: PlaceFiles | undefined;
  readonly #onError: (error: unknown) => void;
  /** By file; undefined: it cannot be used. */
  readonly #readers = new Map<string, Reader<Response> | undefined>();
  readonly #opening = new Map<string, Promise<void>>();

  /** Without `files` nothing is ever found. `onError` gets why a file cannot be used, once. */
  constructor(files: PlaceFiles | undefined, onError: (error: unknown) => void) {
    this.#files = files;
    this.#onError = onError;
  }

  /** Reads what `find` needs for this address. */
  async open(address: string): Promise<void> {
    const file = this.#fileFor(address);
    if (file === undefined || this.#readers.has(file)) return;
    const opening = this.#opening.get(file) ?? this.#read(file);
    this.#opening.set(file, opening);
    await opening;
  }

  /** Where an address is; undefined when it is not known, 'unread' when its file has to be opened first. */
  find(address: string): Place | undefined | 'unread' {
    const file = this.#fileFor(address);
    if (file !== undefined && !this.#readers.has(file)) return 'unread';
    const reader = file === undefined ? undefined : this.#readers.get(file);
    if (reader === undefined || (reader.metadata.ipVersion === 4 && isIPv6(address))) return undefined;
    try {
      const found: unknown = reader.get(address);
      return isFields(found) ? placeOf(found) : undefined;
    } catch (error) {
      this.#onError(error);
      return undefined;
    }
  }

  #fileFor(address: string): string | undefined {
    if (nowhere.has(ipaddr.process(address).range())) return undefined;
    return isIPv6(address) ? this.#files?.ipv6 : this.#files?.ipv4;
  }

  async #read(file: string): Promise<void> {
    let reader: Reader<Response> | undefined;
    try {
      reader = new Reader(await readFile(file));
    } catch (error) {
      this.#onError(error);
    }
    this.#readers.set(file, reader);
    this.#opening.delete(file);
  }
}

/** The place that a record says. */
export function placeOf(found: Fields): Place {
  const { country, subdivisions, city, location } = found;
  const part: unknown = Array.isArray(subdivisions) ? subdivisions[0] : undefined;
  const coordinates = isFields(location) ? location : found;
  return {
    country: textOf(found['country_code']) ?? textOf(fieldOf(country, 'iso_code')),
    region: textOf(found['state1']) ?? textOf(fieldOf(part, 'iso_code'))?.toLowerCase() ?? nameOf(part),
    city: textOf(city) ?? nameOf(city),
    location: pointOf(coordinates['latitude'], coordinates['longitude']),
  };
}

/** Places are known by their English names. */
function nameOf(found: unknown): string | undefined {
  return textOf(fieldOf(fieldOf(found, 'names'), 'en'));
}

/** Ten metres; more digits would only show how the file stores numbers. */
const degreeDigits = 4;

function pointOf(latitude: unknown, longitude: unknown): string | undefined {
  if (typeof latitude !== 'number' || typeof longitude !== 'number') return undefined;
  return [latitude, longitude].map((it) => Number(it.toFixed(degreeDigits))).join(',');
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function fieldOf(value: unknown, name: string): unknown {
  return isFields(value) ? value[name] : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
