import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from '../support/server.ts';
import type { Dialect } from './requests.ts';

/** Which server the clients talk to, at the moment or as soon as there is one again, and what they went through. */
export class Connection {
  readonly acknowledged = { leanplum: 0, bloomreach: 0 };
  readonly refused = { leanplum: 0, bloomreach: 0 };
  broken = 0;
  readonly #trouble: Trouble;
  readonly #answers = new EventTarget();
  #server: Promise<Server>;
  #current: Server | undefined;
  #comeUp: ((server: Server) => void) | undefined;

  constructor(server: Server, trouble: Trouble) {
    this.#trouble = trouble;
    this.#server = Promise.resolve(server);
    this.#current = server;
  }

  server(): Promise<Server> {
    return this.#server;
  }

  /** From here on a broken connection is no surprise; whoever needs a server waits for the next. */
  goDown(): void {
    if (this.#current === undefined) return;
    this.#current = undefined;
    this.#server = new Promise((resolve) => {
      this.#comeUp = resolve;
    });
  }

  comeUp(server: Server): void {
    this.#current = server;
    this.#comeUp?.(server);
  }

  /** A server that ends is done with every request; one that goes on has taken back what it refused. */
  get refusalMeans(): 'refused' | 'unknown' {
    return this.#trouble === 'the disk is full' ? 'refused' : 'unknown';
  }

  async answered(server: Server, outcome: 'acknowledged' | 'refused', dialect: Dialect): Promise<void> {
    this[outcome][dialect] += 1;
    this.#answers.dispatchEvent(new Event('answer'));
    if (outcome === 'acknowledged') return;
    if (this.#trouble === 'crashes') {
      assert.notEqual(this.#current, server, 'refused by a server that has no reason to');
      return;
    }
    if (this.#trouble === 'the server ends by itself') this.#leave(server);
    // The back-off of a client, shorter than the server asks for.
    else await new Promise((resolve) => setTimeout(resolve, 20));
  }

  broke(server: Server, error: unknown): void {
    this.broken += 1;
    if (this.#trouble === 'the server ends by itself') this.#leave(server);
    else assert.notEqual(this.#current, server, `it hung up although alive: ${String(error)}`);
  }

  /** Waits until the clients have got enough answers. */
  async until(enough: (connection: this) => boolean): Promise<void> {
    while (!enough(this)) await once(this.#answers, 'answer');
  }

  #leave(server: Server): void {
    if (this.#current === server) this.goDown();
  }
}

/** What the test does to the server; every other trouble that a client meets is a failure. */
export type Trouble = 'crashes' | 'the server ends by itself' | 'the disk is full';
