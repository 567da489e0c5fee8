import { encodeBits, finish, hashText, holdsMark, mix } from '../lib/hash.ts';
import type { Json, JsonObject } from '../lib/json.ts';
import { fingerprintsMax } from './limits.ts';
import type { Profile } from './profile.ts';

/** Characters of one fingerprint: 48 bits. One wrong match in a ring of 64 has a chance of 2 in 10^13. */
const fingerprintLength = 8;

/**
 * A number for the exact content of an event: name, client time, parameters. The order of an object's members does
 * not matter, so no canonical text has to be built: members are hashed apart and added up.
 */
export function fingerprint(name: string, timeSec: number, params: JsonObject): string {
  return (
    encodeBits(hashEvent(name, timeSec, params, seedLow), 4) +
    encodeBits(hashEvent(name, timeSec, params, seedHigh), 4)
  );
}

function hashEvent(name: string, timeSec: number, params: JsonObject, seed: number): number {
  return finish(mix(mix(hashText(name, seed), hashNumber(timeSec, seed)), hashJson(params, seed)));
}

/** True when the profile's ring holds this fingerprint. */
export function hasFingerprint(profile: Profile, print: string): boolean {
  return holdsMark(profile.fingerprints, print);
}

/** The ring with one more fingerprint, without its oldest when it is full. */
export function pushFingerprint(ring: string, print: string): string {
  const full = ring.length >= fingerprintsMax * fingerprintLength;
  return (full ? ring.slice(fingerprintLength) : ring) + print;
}

const seedLow = 0x9e3779b1;
const seedHigh = 0x85ebca77;

const float = new Float64Array(1);
const words = new Int32Array(float.buffer);

function hashNumber(value: number, seed: number): number {
  // JSON does not know -0, so it must not differ from 0.
  float[0] = value + 0;
  return mix(mix(seed, words[0] as number), words[1] as number);
}

/** Two rings as one: the newest of both in turn, as many as there is room for, each once. */
export function joinFingerprints(ring: string, other: string): string {
  const newest: string[] = [];
  const rings = [printsOf(ring), printsOf(other)];
  for (let n = 0; n < fingerprintsMax; n++) {
    for (const prints of rings) {
      const print = prints[n];
      if (print !== undefined && !newest.includes(print)) newest.push(print);
    }
  }
  return newest.slice(0, fingerprintsMax).reverse().join('');
}

/** The fingerprints of a ring, newest first. */
function printsOf(ring: string): string[] {
  const prints: string[] = [];
  for (let at = 0; at < ring.length; at += fingerprintLength) {
    prints.unshift(ring.slice(at, at + fingerprintLength));
  }
  return prints;
}

/** What tells values of different types apart. */
const marks = { text: 1, number: 2, yes: 3, no: 4, nothing: 5, list: 6, object: 7 };

function hashJson(value: Json, seed: number): number {
  switch (typeof value) {
    case 'string':
      return mix(hashText(value, seed), marks.text);
    case 'number':
      return mix(hashNumber(value, seed), marks.number);
    case 'boolean':
      return mix(seed, value ? marks.yes : marks.no);
    default:
      return value === null ? mix(seed, marks.nothing) : hashContainer(value, seed);
  }
}

function hashContainer(value: readonly Json[] | JsonObject, seed: number): number {
  if (Array.isArray(value)) {
    const start = mix(mix(seed, marks.list), value.length);
    return value.reduce((hash: number, item: Json) => mix(hash, hashJson(item, seed)), start);
  }
  let sum = 0;
  let members = 0;
  for (const name in value) {
    const member = (value as JsonObject)[name] as Json;
    sum = (sum + finish(mix(hashText(name, seed), hashJson(member, seed)))) | 0;
    members += 1;
  }
  return mix(mix(mix(seed, marks.object), members), sum);
}
