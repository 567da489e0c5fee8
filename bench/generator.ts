import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Job, Measurement } from './load.ts';

/** The process that makes the load. It stays the same for the whole run, so that its code is warm for every row alike. */
export class Generator {
  private readonly child: ChildProcess;
  private readonly exited: Promise<undefined>;

  constructor() {
    this.child = fork(join(import.meta.dirname, 'load.ts'), { serialization: 'advanced' });
    this.exited = once(this.child, 'exit').then(() => undefined);
  }

  /** Throws when anything was not acknowledged: the speed of refusing says nothing. */
  async run(job: Job): Promise<Measurement> {
    this.child.send(job);
    const message = await Promise.race([once(this.child, 'message'), this.exited]);
    if (message === undefined) throw new Error('The load generator stopped');
    const [measurement] = message as [Measurement];
    const { acknowledged, sent, problem } = measurement;
    if (problem !== undefined) throw new Error(`${job.workload}: ${problem}`);
    if (acknowledged !== sent) throw new Error(`${job.workload}: ${sent} sent, ${acknowledged} acknowledged`);
    return measurement;
  }

  async stop(): Promise<void> {
    if (this.child.connected) this.child.disconnect();
    await this.exited;
  }
}
