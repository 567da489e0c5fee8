import { connect, type Socket } from 'node:net';
import type { Target } from '../support/requests.ts';

/** A connection of its own, for bytes that no HTTP client would send. */
export class Connection {
  readonly socket: Socket;
  readonly #closed: Promise<void>;
  #received = '';
  #onData: () => void = () => undefined;

  constructor(server: Target) {
    const { hostname, port } = new URL(server.url);
    this.socket = connect(Number(port), hostname);
    this.socket.on('error', () => undefined);
    this.socket.on('data', (bytes) => {
      this.#received += bytes.toString('latin1');
      this.#onData();
    });
    this.#closed = new Promise((resolve) => this.socket.once('close', () => resolve()));
  }

  send(bytes: string | Uint8Array): this {
    this.socket.write(bytes);
    return this;
  }

  /** Everything the server says until it, or the end of our bytes, closes the connection. */
  async whole(): Promise<string> {
    this.socket.end();
    await this.#closed;
    return this.#received;
  }

  /** The next answer, which has a content length; undefined when the connection closes without one. */
  async answer(): Promise<RawAnswer | undefined> {
    for (;;) {
      const [head = '', ...rest] = this.#received.split('\r\n\r\n');
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN);
      const body = rest.join('\r\n\r\n');
      if (rest.length > 0 && body.length >= length) {
        this.#received = body.slice(length);
        const status = Number(head.slice(9, 12));
        return { status, head, body: Buffer.from(body.slice(0, length), 'latin1').toString('utf8') };
      }
      if (this.socket.destroyed) return undefined;
      const more = new Promise<void>((resolve) => {
        this.#onData = resolve;
      });
      await Promise.race([more, this.#closed]);
    }
  }

  close(): void {
    this.socket.destroy();
  }
}

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}
