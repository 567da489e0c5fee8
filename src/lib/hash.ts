/** One step of MurmurHash3 (32 bits). */
export function mix(hash: number, value: number): number {
  const scrambled = Math.imul(rotate(Math.imul(value, 0xcc9e2d51), 15), 0x1b873593);
  return (Math.imul(rotate(hash ^ scrambled, 13), 5) + 0xe6546b64) | 0;
}

/** The last step of MurmurHash3: every bit of the input changes half of the output. */
export function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function rotate(bits: number, by: number): number {
  return (bits << by) | (bits >>> (32 - by));
}

/** A text's 32 bits. */
export function hashText(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return finish(mix(hash, text.length));
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The lower bits of a hash as `length` characters, 6 bits each; the last ones may be what is left of 32. */
export function encodeBits(bits: number, length: number): string {
  let text = '';
  for (let shift = 0; shift < length * 6; shift += 6) text += alphabet[(bits >>> shift) & 63];
  return text;
}

/** 64 bits of a text as 12 characters. */
export const markLength = 12;

export function markOf(text: string): string {
  return encodeBits(hashText(text, 0x9e3779b1), 6) + encodeBits(hashText(text, 0x85ebca77), 6);
}

/** Whether a text of marks, one after the other, holds this one. */
export function holdsMark(marks: string, mark: string): boolean {
  let at = marks.indexOf(mark);
  while (at !== -1 && at % mark.length !== 0) at = marks.indexOf(mark, at + 1);
  return at !== -1;
}
