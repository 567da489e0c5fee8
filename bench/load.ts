/**
 * The load generator: a process of its own that takes one job after the other from its parent.
 *
 * Four ways to send, see `Pattern`: `closed` (each connection sends again when it has its answer: the peak rate), `paced`
 * (requests become due at a fixed rate, whatever the server does; a request that finds no free connection waits, and its
 * wait is part of its latency), `flood` (at a fixed rate too, more than the server can do: refusals are counted, latencies
 * are of what was accepted, and what finds no free connection is left out) and `once` (every user exactly once, in order: filling the store).
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { processCpuMicros } from './processes.ts';
import { type Answer, countSuccesses, ResponseReader } from './response-reader.ts';
import { patch } from './template.ts';
import { UserCycle } from './user-cycle.ts';
import type { Workload } from './workloads/parts.ts';
import { buildWorkload, type WorkloadName } from './workloads.ts';

export type Pattern =
  | { readonly kind: 'closed'; readonly warmUpMs: number; readonly windowMs: number }
  | {
      readonly kind: 'paced' | 'flood';
      readonly warmUpMs: number;
      readonly windowMs: number;
      readonly requestsPerSecond: number;
    }
  | { readonly kind: 'once' };

export interface Job {
  readonly port: number;
  readonly serverPid: number;
  readonly workload: WorkloadName;
  readonly connections: number;
  readonly users: number;
  readonly pattern: Pattern;
}

export interface Measurement {
  /** Of the measured window: */
  readonly items: number;
  readonly seconds: number;
  readonly latenciesMs: Float64Array;
  readonly serverCpuMicros: number;
  readonly generatorCpuMicros: number;
  /** Of the whole job, warm-up included: */
  readonly acknowledged: number;
  readonly sent: number;
  /** Requests answered 503, and requests that found no free connection; only of a flood. */
  readonly refused: number;
  readonly unsent: number;
  /** The first thing that was not as it should be; the figures are then worth nothing. */
  readonly problem: string | undefined;
}

interface Lane {
  readonly socket: Socket;
  readonly request: Buffer;
  readonly users: UserCycle;
  requestsLeft: number;
  startedAt: number;
}

/** Grows for the whole life of the process: ids stay unique over all jobs. */
let nextId = 1;

export async function runJob(job: Job): Promise<Measurement> {
  const load = new Load(job);
  await load.connect();
  load.start();
  if (job.pattern.kind !== 'once') {
    await sleep(job.pattern.warmUpMs);
    load.openWindow();
    await sleep(job.pattern.windowMs);
    load.closeWindow();
  }
  return await load.finished;
}

class Load {
  readonly finished: Promise<Measurement>;
  private readonly finish: (measurement: Measurement) => void;
  private readonly job: Job;
  private readonly workload: Workload;
  private readonly lanes: Lane[] = [];
  private readonly idleLanes: Lane[] = [];
  /** Arrival times of paced requests for which no connection was free. */
  private readonly waiting: number[] = [];
  private readonly latenciesMs: number[] = [];
  private pacer: NodeJS.Timeout | undefined;
  private phase: 'warm-up' | 'window' | 'draining' = 'warm-up';
  private inFlight = 0;
  private acknowledged = 0;
  private sent = 0;
  private refused = 0;
  private unsent = 0;
  private problem: string | undefined;
  private windowItems = 0;
  private windowStart = { atMs: 0, serverCpu: 0, ownCpu: 0 };
  private window = { seconds: 0, serverCpuMicros: 0, generatorCpuMicros: 0 };

  constructor(job: Job) {
    this.job = job;
    this.workload = buildWorkload(job.workload);
    const { promise, resolve } = Promise.withResolvers<Measurement>();
    this.finished = promise;
    this.finish = resolve;
  }

  async connect(): Promise<void> {
    const { connections, users, pattern } = this.job;
    const opening = Array.from({ length: connections }, async (_, connection) => {
      const cycle = new UserCycle({ connection, connections, users, ordered: pattern.kind === 'once' });
      const requestsLeft =
        pattern.kind === 'once' ? Math.ceil(cycle.size / this.workload.usersPerRequest) : Infinity;
      await this.openLane(cycle, requestsLeft);
    });
    await Promise.all(opening);
  }

  start(): void {
    const { pattern } = this.job;
    if (pattern.kind === 'paced' || pattern.kind === 'flood') {
      this.idleLanes.push(...this.lanes);
      this.pacer = this.pace(pattern.requestsPerSecond);
    } else {
      for (const lane of this.lanes) this.send(lane, performance.now());
    }
  }

  openWindow(): void {
    this.phase = 'window';
    this.windowStart = this.clocks();
  }

  closeWindow(): void {
    const end = this.clocks();
    this.phase = 'draining';
    clearInterval(this.pacer);
    this.window = {
      seconds: (end.atMs - this.windowStart.atMs) / 1000,
      serverCpuMicros: end.serverCpu - this.windowStart.serverCpu,
      generatorCpuMicros: end.ownCpu - this.windowStart.ownCpu,
    };
    this.finishWhenDrained();
  }

  private clocks() {
    const { user, system } = process.cpuUsage();
    const serverCpu = processCpuMicros(this.job.serverPid);
    return { atMs: performance.now(), serverCpu, ownCpu: user + system };
  }

  private async openLane(users: UserCycle, requestsLeft: number): Promise<void> {
    const reader = new ResponseReader();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const receive = (size: number, buffer: Uint8Array): boolean => {
      const answer = reader.push(Buffer.from(buffer.buffer, buffer.byteOffset, size));
      if (answer !== undefined) this.receive(lane, answer);
      return true;
    };
    // One buffer per connection that every read reuses: fresh ones would make the generator collect garbage.
    const onread = { buffer: Buffer.alloc(64 * 1024), callback: receive };
    const socket = connect({ port: this.job.port, host: '127.0.0.1', noDelay: true, onread });
    const request = Buffer.from(this.workload.template.bytes);
    const lane: Lane = { socket, request, users, requestsLeft, startedAt: 0 };
    socket.once('connect', resolve);
    socket.once('error', (error) => {
      reject(error);
      this.abort(`A connection failed: ${error.message}`);
    });
    socket.once('end', () => this.abort('The server closed a connection'));
    await promise;
    this.lanes.push(lane);
  }

  /** `startedAt` is when the request was due: its latency counts from then. */
  private send(lane: Lane, startedAt: number): void {
    const { template, itemsPerRequest, usersPerRequest } = this.workload;
    const users: number[] = [];
    for (let nth = 0; nth < usersPerRequest; nth++) users.push(lane.users.next());
    patch(template, lane.request, { users, firstId: nextId, nowMs: Date.now() });
    nextId += Math.max(1, template.idCount);
    lane.startedAt = startedAt;
    lane.requestsLeft -= 1;
    this.inFlight += 1;
    this.sent += itemsPerRequest;
    lane.socket.write(lane.request);
  }

  private receive(lane: Lane, answer: Answer): void {
    const now = performance.now();
    this.inFlight -= 1;
    if (this.job.pattern.kind === 'flood' && answer.status === 503) {
      this.refused += 1;
      this.sent -= this.workload.itemsPerRequest;
      this.next(lane, now);
      return;
    }
    const successes = countSuccesses(answer.body) - this.workload.extraSuccesses;
    if (answer.status === 200 && successes > 0) this.acknowledged += successes;
    if (answer.status !== 200 || successes !== this.workload.itemsPerRequest) {
      this.problem ??= `Answer ${answer.status}, ${successes} successes: ${answer.body.toString('utf8', 0, 600)}`;
      // Asking again and again for what is refused measures nothing.
      this.phase = 'draining';
    }
    if (this.phase === 'window') {
      this.windowItems += successes;
      this.latenciesMs.push(now - lane.startedAt);
    }
    this.next(lane, now);
  }

  private next(lane: Lane, now: number): void {
    if (this.phase === 'draining' || lane.requestsLeft <= 0) {
      this.finishWhenDrained();
    } else if (this.job.pattern.kind === 'closed' || this.job.pattern.kind === 'once') {
      this.send(lane, now);
    } else {
      const arrivedAt = this.waiting.shift();
      if (arrivedAt === undefined) this.idleLanes.push(lane);
      else this.send(lane, arrivedAt);
    }
  }

  /** A timer wakes about every millisecond, so a wake-up may find several requests due, or none. */
  private pace(requestsPerSecond: number): NodeJS.Timeout {
    const start = performance.now();
    let made = 0;
    return setInterval(() => {
      const now = performance.now();
      const due = Math.floor(((now - start) / 1000) * requestsPerSecond);
      for (; made < due; made++) {
        const lane = this.idleLanes.pop();
        if (lane === undefined && this.job.pattern.kind === 'flood') this.unsent += 1;
        else if (lane === undefined) this.waiting.push(now);
        else this.send(lane, now);
      }
    }, 1);
  }

  private finishWhenDrained(): void {
    const windowIsOpen = this.job.pattern.kind !== 'once' && this.window.seconds === 0;
    if (this.inFlight > 0 || (windowIsOpen && this.problem === undefined)) return;
    clearInterval(this.pacer);
    for (const lane of this.lanes) lane.socket.destroy();
    this.finish({
      ...this.window,
      items: this.windowItems,
      latenciesMs: Float64Array.from(this.latenciesMs),
      acknowledged: this.acknowledged,
      sent: this.sent,
      refused: this.refused,
      unsent: this.unsent,
      problem: this.problem,
    });
  }

  private abort(problem: string): void {
    this.problem ??= problem;
    this.phase = 'draining';
    this.inFlight = 0;
    this.finishWhenDrained();
  }
}

if (import.meta.main) {
  process.on('message', async (job: Job) => {
    process.send?.(await runJob(job));
  });
  process.on('disconnect', () => process.exit(0));
}
