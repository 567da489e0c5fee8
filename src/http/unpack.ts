import { createGunzip } from 'node:zlib';
import type { TakeBytes } from './body.ts';

/** Why a body was not unpacked. `unknown`: in a way that we do not know. */
export type UnpackProblem = 'unknown' | 'broken' | 'too_large' | 'server_busy';

/** Large pieces: each takes a turn of the event loop and of the thread pool. */
const chunkSize = 256 * 1024;

/**
 * The body that a client packed with gzip. It is unpacked piece by piece, on another thread: each counts in `take`, and
 * nothing is unpacked beyond `max` bytes.
 */
export async function unpack(
  body: Uint8Array,
  encoding: string,
  { max, take }: { max: number; take: TakeBytes },
): Promise<Uint8Array | UnpackProblem> {
  const name = encoding.trim().toLowerCase();
  if (name === 'identity') return body;
  if (name !== 'gzip' && name !== 'x-gzip') return 'unknown';
  const gunzip = createGunzip({ chunkSize });
  gunzip.end(body);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > max) return 'too_large';
      if (!take(chunk.length)) return 'server_busy';
      chunks.push(chunk);
    }
  } catch {
    return 'broken';
  }
  return Buffer.concat(chunks, length);
}
