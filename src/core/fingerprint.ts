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
    encode24(hashEvent(name, timeSec, params, seedLow)) + encode24(hashEvent(name, timeSec, params, seedHigh))
  );
}

function hashEvent(name: string, timeSec: number, params: JsonObject, seed: number): number {
  return finish(mix(mix(hashText(name, seed), hashNumber(timeSec, seed)), hashJson(params, seed)));
}

/** True when the profile's ring holds this fingerprint. */
export function hasFingerprint(profile: Profile, print: string): boolean {
  const ring = profile.fingerprints;
  let at = ring.indexOf(print);
  while (at !== -1 && at % fingerprintLength !== 0) at = ring.indexOf(print, at + 1);
  return at !== -1;
}

/** The ring with one more fingerprint, without its oldest when it is full. */
export function pushFingerprint(ring: string, print: string): string {
  const full = ring.length >= fingerprintsMax * fingerprintLength;
  return (full ? ring.slice(fingerprintLength) : ring) + print;
}

const seedLow = 0x9e3779b1;
const seedHigh = 0x85ebca77;

/** One step of MurmurHash3 (32 bits). */
function mix(hash: number, value: number): number {
  const scrambled = Math.imul(rotate(Math.imul(value, 0xcc9e2d51), 15), 0x1b873593);
  return (Math.imul(rotate(hash ^ scrambled, 13), 5) + 0xe6546b64) | 0;
}

/** The last step of MurmurHash3: every bit of the input changes half of the output. */
function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function rotate(bits: number, by: number): number {
  return (bits << by) | (bits >>> (32 - by));
}

function hashText(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return finish(mix(hash, text.length));
}

const float = new Float64Array(1);
const words = new Int32Array(float.buffer);

function hashNumber(value: number, seed: number): number {
  // JSON does not know -0, so it must not differ from 0.
  float[0] = value + 0;
  return mix(mix(seed, words[0] as number), words[1] as number);
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

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function encode24(bits: number): string {
  const at = (shift: number) => alphabet[(bits >>> shift) & 63];
  return `${at(0)}${at(6)}${at(12)}${at(18)}`;
}
