import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/** A text that is worth compressing only when it is long. */
export type CompressedText = string | Uint8Array;

/** Level 1: 1,000 lines of events in about half a millisecond, to a tenth of their size; higher levels gain little. */
const compression = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
/**
 * Characters. Setting up a compression costs more than all the rest of a small commit, and a shorter text mostly fits on one
 * page of a database, compressed or not.
 */
const compressedFrom = 3_000;

/** A long text compressed, a short one as it is. */
export function compressText(text: string): CompressedText {
  return text.length < compressedFrom ? text : zstdCompressSync(text, compression);
}

/** The text in UTF-8. */
export function decompressText(compressed: CompressedText): Buffer {
  return typeof compressed === 'string' ? Buffer.from(compressed) : zstdDecompressSync(compressed);
}
