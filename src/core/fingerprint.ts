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
  const low = mix(hashText(name, seedLow), hashNumber(timeSec, seedLow)) ^ hashJson(params, seedLow);
  const high = mix(hashText(name, seedHigh), hashNumber(timeSec, seedHigh)) ^ hashJson(params, seedHigh);
  return encode24(finish(low)) + encode24(finish(high));
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

function mix(hash: number, value: number): number {
  const mixed = Math.imul(hash ^ value, 0x01000193);
  return mixed ^ (mixed >>> 15);
}

function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function hashText(text: string, seed: number): number {
  let hash = seed ^ text.length;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return finish(hash);
}

const float = new Float64Array(1);
const words = new Int32Array(float.buffer);

function hashNumber(value: number, seed: number): number {
  float[0] = value;
  return mix(mix(seed, words[0] as number), words[1] as number);
}

function hashJson(value: Json, seed: number): number {
  switch (typeof value) {
    case 'string':
      return hashText(value, seed);
    case 'number':
      return hashNumber(value, seed ^ 1);
    case 'boolean':
      return seed ^ (value ? 2 : 3);
    default:
      return value === null ? seed ^ 4 : hashContainer(value, seed);
  }
}

function hashContainer(value: readonly Json[] | JsonObject, seed: number): number {
  if (Array.isArray(value)) {
    return value.reduce((hash: number, item: Json) => mix(hash, hashJson(item, seed)), seed ^ 5);
  }
  let sum = seed ^ 6;
  for (const name in value) {
    const member = (value as JsonObject)[name] as Json;
    sum = (sum + finish(mix(hashText(name, seed), hashJson(member, seed)))) | 0;
  }
  return sum;
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function encode24(bits: number): string {
  const at = (shift: number) => alphabet[(bits >>> shift) & 63];
  return `${at(0)}${at(6)}${at(12)}${at(18)}`;
}
