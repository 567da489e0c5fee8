import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { assert } from '../lib/assert.ts';
import type { Admission, Admitted } from './admission.ts';
import { unknownLengthCost } from './limits.ts';

/** Why a body was not read. A dialect renders it in its own envelope. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  readonly code: 'too_large' | 'server_busy' | 'incomplete';

  constructor(code: BodyError['code']) {
    super(code);
    this.code = code;
  }
}

/** Made once: under too much load it is said a thousand times a second, and a stack each time is a twentieth of all work. */
const serverBusy = new BodyError('server_busy');

/** Bytes of request bodies being read or worked on, bounded for the whole process (design D16). */
export class BytesInFlight {
  readonly #max: number;
  #bytes = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get bytes(): number {
    return this.#bytes;
  }

  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.#max) return false;
    this.#bytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
  }
}

const bytesType = 'application/octet-stream';

/** The content type that the client declared; Fastify sees another one (see `ignoreBodies`). */
export function declaredContentType(request: FastifyRequest): string {
  const { rawHeaders } = request.raw;
  const at = rawHeaders.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'content-type');
  return at === -1 ? '' : (rawHeaders[at + 1] ?? '');
}

/**
 * For the whole server: the declared content type never decides anything, and a body that no route asked for is read and
 * dropped. Routes that want bodies call `readBodies`.
 */
export function ignoreBodies(server: FastifyInstance): void {
  // A content type that is none would be refused by Fastify.
  server.addHook('onRequest', (request, _reply, done) => {
    if (request.headers['content-type'] !== undefined) request.headers['content-type'] = bytesType;
    done();
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume();
    done(null);
  });
}

export interface BodyOptions {
  /** Bytes of one body. */
  readonly max: number;
  readonly inFlight: BytesInFlight;
  readonly admission: Admission;
}

/**
 * What one request holds of the bytes in flight: given back when its connection is done with it, but not before its own
 * work has ended, since an aborted request's batch is still in the queue.
 */
class Held {
  readonly #inFlight: BytesInFlight;
  readonly #admission: Admission;
  #admitted: Admitted | undefined;
  #bytes = 0;
  #works = false;
  #isLeft = false;
  #isGivenBack = false;

  constructor(options: BodyOptions) {
    this.#inFlight = options.inFlight;
    this.#admission = options.admission;
  }

  take(bytes: number): boolean {
    if (this.#isGivenBack || !this.#inFlight.take(bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    // Fastify goes on with a request whose client went away while a hook was busy.
    if (this.#isLeft) throw new BodyError('incomplete');
    this.#admitted = this.#admission.enter(this.#bytes);
    if (this.#admitted === undefined) throw serverBusy;
    this.#works = true;
    try {
      return await work();
    } finally {
      this.#works = false;
      if (this.#isLeft) this.#giveBack();
    }
  }

  leave(): void {
    this.#isLeft = true;
    if (!this.#works) this.#giveBack();
  }

  #giveBack(): void {
    if (this.#isGivenBack) return;
    this.#isGivenBack = true;
    this.#inFlight.release(this.#bytes);
    this.#bytes = 0;
    if (this.#admitted !== undefined) this.#admission.leave(this.#admitted);
  }
}

const heldBy = new WeakMap<FastifyRequest, Held>();

/** Takes more bytes for this request, such as those of an unpacked body; false when there are too many in flight. */
export type TakeBytes = (bytes: number) => boolean;

/**
 * Does a request's work. The bytes of its body, and those that the work takes, stay counted until the work has ended and
 * the answer has left, or nobody is there any more to get it. Rejects with `BodyError` when too much is under way.
 */
export function whileHeld<Result>(
  request: FastifyRequest,
  work: (take: TakeBytes) => Promise<Result>,
): Promise<Result> {
  const held = heldBy.get(request);
  assert(held !== undefined, 'a request of a route that does not read bodies');
  return held.during(() => work((bytes) => held.take(bytes)));
}

/**
 * Reads bodies of every content type as bytes: what they are is decided by looking at them. At most `max` bytes each;
 * all of them together are counted in `inFlight` (see `whileHeld`). A request that `admission` does not let in is not read.
 */
export function readBodies(server: FastifyInstance, options: BodyOptions): void {
  server.addHook('onRequest', (request, reply, done) => {
    if (!options.admission.mayRead(lengthOf(request))) return done(serverBusy);
    const held = new Held(options);
    heldBy.set(request, held);
    // Fastify's own hooks miss a client that goes away after its body was read.
    reply.raw.once('close', () => held.leave());
    done();
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', (request, payload, done) => {
    if (Number(request.headers['content-length'] ?? 0) > options.max) {
      done(new BodyError('too_large'));
      return;
    }
    const held = heldBy.get(request) as Held;
    const chunks: Buffer[] = [];
    let length = 0;
    let ended = false;
    const refuse = (code: BodyError['code']) => {
      if (ended) return;
      ended = true;
      chunks.length = 0;
      done(new BodyError(code));
    };
    payload.on('data', (chunk: Buffer) => {
      // What comes after a refusal is read and dropped, so that the client sees the answer.
      if (ended) return;
      length += chunk.length;
      if (length > options.max) return refuse('too_large');
      if (!held.take(chunk.length)) return refuse('server_busy');
      chunks.push(chunk);
    });
    payload.on('end', () => {
      if (ended) return;
      ended = true;
      done(null, chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, length));
    });
    payload.on('error', () => refuse('incomplete'));
    payload.on('close', () => refuse('incomplete'));
  });
}

/** The bytes that a request says it has. */
function lengthOf({ headers }: FastifyRequest): number {
  if (headers['transfer-encoding'] !== undefined) return unknownLengthCost;
  return Number(headers['content-length'] ?? 0) || 0;
}

/** A server that is stopping takes no more requests, so the client should not keep the connection for one. */
export function endWhenStopping(reply: FastifyReply): void {
  if (!reply.server.server.listening) reply.header('connection', 'close');
}
