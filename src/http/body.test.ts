import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import fastify, { type FastifyInstance } from 'fastify';
import { Admission } from './admission.ts';
import { BodyError, BytesInFlight, readBodies, whileHeld } from './body.ts';

const max = 10_000;
let inFlight: BytesInFlight;
let admission: Admission;
let server: FastifyInstance;
let port: number;
/** Why the last request that failed did. */
let failed: string | undefined;
/** Of the request that waits in a hook. */
let hook: { reply: ServerResponse; goOn: () => void } | undefined;
/** What the handler does next; it may take more bytes. */
let work: (take: (bytes: number) => boolean) => Promise<string>;

before(async () => {
  inFlight = new BytesInFlight(max);
  admission = new Admission(() => performance.now());
  server = fastify();
  readBodies(server, { max, inFlight, admission });
  server.setErrorHandler((error, _request, reply) => {
    failed = (error as BodyError).code;
    reply.code(error instanceof BodyError ? 503 : 500).send((error as Error).message);
  });
  server.post('/', (request) => whileHeld(request, (take) => work(take)));
  server.get('/slow', {
    onRequest: async (_request, reply) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      hook = { reply: reply.raw, goOn: resolve };
      await promise;
    },
    handler: (request) => whileHeld(request, (take) => work(take)),
  });
  await server.listen({ port: 0, host: '127.0.0.1' });
  port = (server.server.address() as { port: number }).port;
});
after(() => server.close());
beforeEach(() => assert.equal(inFlight.bytes, 0));

/** A request on a connection of its own, as far as the body goes. */
function ask(length: number, body: string): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-type: a/b\r\ncontent-length: ${length}\r\n\r\n${body}`);
  return socket;
}

function answerOf(socket: Socket): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.once('data', (bytes) => resolve(bytes.toString()));
  return promise;
}

async function turn(until: () => boolean): Promise<void> {
  while (!until()) await new Promise((resolve) => setImmediate(resolve));
}

describe('bytes in flight', () => {
  test('are given back with the answer', async () => {
    let seen = 0;
    work = async () => {
      seen = inFlight.bytes;
      return 'done';
    };
    const socket = ask(500, 'x'.repeat(500));
    assert.match(await answerOf(socket), /200 OK/);
    assert.equal(seen, 500);
    await turn(() => inFlight.bytes === 0);
    socket.destroy();
  });

  test('of a client that goes away stay counted until its work has ended', async () => {
    const begun = Promise.withResolvers<void>();
    const mayEnd = Promise.withResolvers<string>();
    work = () => {
      begun.resolve();
      return mayEnd.promise;
    };
    const closed = Promise.withResolvers<void>();
    server.server.once('connection', (connection: Socket) =>
      connection.once('close', () => closed.resolve()),
    );
    const socket = ask(700, 'x'.repeat(700));
    await begun.promise;
    socket.destroy();
    await closed.promise;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(inFlight.bytes, 700);
    mayEnd.resolve('nobody reads this');
    await turn(() => inFlight.bytes === 0);
  });

  test('nothing is done, and nothing counted, for a client that went away while a hook was busy', async () => {
    let worked = false;
    failed = undefined;
    work = async () => {
      worked = true;
      return 'done';
    };
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /slow HTTP/1.1\r\nhost: x\r\n\r\n');
    await turn(() => hook !== undefined);
    const left = once(hook?.reply as ServerResponse, 'close');
    socket.destroy();
    await left;
    hook?.goOn();
    await turn(() => worked || failed !== undefined);
    assert.deepEqual([worked, failed, admission.load.admitted], [false, 'incomplete', 0]);
  });

  test('of a body that never ends are given back when its connection closes', async () => {
    const socket = ask(700, 'x'.repeat(300));
    await turn(() => inFlight.bytes === 300);
    socket.destroy();
    await turn(() => inFlight.bytes === 0);
  });

  test('that the work takes count as well, and are refused above the bound', async () => {
    let taken: boolean[] = [];
    work = async (take) => {
      taken = [take(max - 200), take(101), take(100)];
      return String(inFlight.bytes);
    };
    const socket = ask(100, 'x'.repeat(100));
    assert.match(await answerOf(socket), new RegExp(`${max}$`));
    assert.deepEqual(taken, [true, false, true]);
    await turn(() => inFlight.bytes === 0);
    socket.destroy();
  });

  test('above the bound a request is refused while it is read', async () => {
    const begun = Promise.withResolvers<void>();
    const mayEnd = Promise.withResolvers<string>();
    work = () => {
      begun.resolve();
      return mayEnd.promise;
    };
    const first = ask(9_000, 'x'.repeat(9_000));
    await begun.promise;
    const second = ask(2_000, 'x'.repeat(2_000));
    assert.match(await answerOf(second), /503.*server_busy/s);
    mayEnd.resolve('done');
    assert.match(await answerOf(first), /200 OK/);
    await turn(() => inFlight.bytes === 0);
    for (const socket of [first, second]) socket.destroy();
  });
});
