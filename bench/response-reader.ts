/** One answer of the server. `body` is only valid until the next chunk arrives. */
export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

const headEndMark = Buffer.from('\r\n\r\n');
const contentLength = /\r\ncontent-length: *(\d+)/i;
const successMark = Buffer.from('"success":true');

/** Frames HTTP/1.1 answers with a Content-Length, one at a time: the client never sends a request before its answer. */
export class ResponseReader {
  private pending: Buffer | undefined;
  /** Bytes that head and body take together, once the head is there. */
  private neededBytes = 0;

  /** Gives the answer when its last byte has come. The chunk's memory may be used again after the call. */
  push(chunk: Buffer): Answer | undefined {
    const bytes = this.pending === undefined ? chunk : Buffer.concat([this.pending, chunk]);
    if (bytes.length < this.neededBytes) return this.wait(bytes, chunk);
    const headEnd = bytes.indexOf(headEndMark);
    if (headEnd < 0) return this.wait(bytes, chunk);
    const bodyStart = headEnd + headEndMark.length;
    const head = bytes.toString('latin1', 0, headEnd);
    const length = contentLength.exec(head)?.[1];
    if (length === undefined) throw new Error(`An answer without Content-Length:\n${head}`);
    this.neededBytes = bodyStart + Number(length);
    if (bytes.length < this.neededBytes) return this.wait(bytes, chunk);
    if (bytes.length > this.neededBytes) throw new Error('More bytes than one answer: the framing is lost');
    this.pending = undefined;
    this.neededBytes = 0;
    return { status: Number(head.slice(9, 12)), body: bytes.subarray(bodyStart) };
  }

  private wait(bytes: Buffer, chunk: Buffer): undefined {
    this.pending = bytes === chunk ? Buffer.from(bytes) : bytes;
    return undefined;
  }
}

/** For each byte value: how far the search may move on when that byte stands under the needle's last one (Horspool). */
const skips = new Uint8Array(256).fill(successMark.length);
for (let at = 0; at < successMark.length - 1; at++) skips[successMark[at] ?? 0] = successMark.length - 1 - at;

/** How often `"success":true` stands in the answer. It looks at few bytes, as parsing would cost more than the load. */
export function countSuccesses(body: Buffer): number {
  const last = successMark.length - 1;
  let count = 0;
  let at = last;
  while (at < body.length) {
    const byte = body[at] ?? 0;
    if (byte === successMark[last] && matchesAt(body, at - last)) {
      count += 1;
      at += successMark.length;
    } else {
      at += skips[byte] ?? successMark.length;
    }
  }
  return count;
}

function matchesAt(body: Buffer, start: number): boolean {
  for (let at = 0; at < successMark.length; at++) if (body[start + at] !== successMark[at]) return false;
  return true;
}
