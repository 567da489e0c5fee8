import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { type Job, runJob } from './load.ts';
import { buildWorkload } from './workloads.ts';

interface Received {
  readonly path: string;
  readonly data: readonly Action[];
}
interface Action {
  readonly userId: string;
  readonly reqId: string;
  readonly uuid: string;
}

/** A server that keeps what it is sent; it acknowledges all of it, or leaves out the first item of each request. */
async function withServer(dropFirst: boolean, use: (port: number, received: Received[]) => Promise<void>) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { data } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    received.push({ path: request.url ?? '', data });
    const elements = data.map((_: Action, index: number) => ({ success: !(dropFirst && index === 0) }));
    const answer = JSON.stringify({ response: elements });
    response.writeHead(200, { 'content-length': answer.length }).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use((server.address() as AddressInfo).port, received);
  } finally {
    server.close();
  }
}

function job(port: number, options: Pick<Job, 'workload' | 'users' | 'pattern'>): Job {
  return { port, serverPid: process.pid, connections: 4, ...options };
}

test('every item that was sent is acknowledged, warm-up and the last answers included', async () => {
  await withServer(false, async (port, received) => {
    const pattern = { kind: 'closed', warmUpMs: 20, windowMs: 50 } as const;
    const measurement = await runJob(job(port, { workload: 'multi50', users: 400, pattern }));
    const items = received.flatMap((request) => request.data);
    assert.equal(measurement.problem, undefined);
    assert.equal(measurement.sent, items.length);
    assert.equal(measurement.acknowledged, items.length);
    assert.ok(measurement.items > 0 && measurement.items <= items.length);
    assert.equal(measurement.latenciesMs.length * 50, measurement.items);
    assert.equal(new Set(items.map((item) => item.reqId)).size, items.length, 'reqId is unique');
    assert.equal(new Set(items.map((item) => item.uuid)).size, received.length * 5, 'uuid is per user');
  });
});

test('a paced load keeps its rate, whatever the server could do', async () => {
  await withServer(false, async (port, received) => {
    const pattern = { kind: 'paced', warmUpMs: 0, windowMs: 200, requestsPerSecond: 100 } as const;
    const measurement = await runJob(job(port, { workload: 'multi50', users: 400, pattern }));
    assert.equal(measurement.acknowledged, measurement.sent);
    // Not more than was due; how much less depends on the machine.
    assert.ok(received.length <= 100 * (measurement.seconds + 0.1));
  });
});

test('filling the store meets every user', async () => {
  await withServer(false, async (port, received) => {
    const measurement = await runJob(
      job(port, { workload: 'prefill', users: 800, pattern: { kind: 'once' } }),
    );
    const users = received.flatMap((request) => request.data).map((item) => item.userId);
    assert.equal(new Set(users).size, 800);
    assert.equal(measurement.acknowledged, 800 * 5);
    assert.equal(received.length * buildWorkload('prefill').usersPerRequest, 800);
  });
});

test('an item without success is a problem, and ends the load', async () => {
  await withServer(true, async (port) => {
    const pattern = { kind: 'closed', warmUpMs: 5, windowMs: 5 } as const;
    const measurement = await runJob(job(port, { workload: 'multi50', users: 400, pattern }));
    assert.match(measurement.problem ?? '', /^Answer 200, 49 successes: /);
    assert.equal(measurement.sent, 4 * 50);
    assert.equal(measurement.acknowledged, 4 * 49);
  });
});
