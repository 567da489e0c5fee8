import { type Applied, apply } from '../core/apply.ts';
import type { EventId, ProjectId } from '../core/ids.ts';
import { duplicate, isCarriedOut, type Outcome } from '../core/outcome.ts';
import type { Profile } from '../core/profile.ts';
import { assert } from '../lib/assert.ts';
import {
  type Batch,
  type BatchResult,
  identityKey,
  type NamedUser,
  type Queued,
  queue,
  unavailable,
} from './batch.ts';
import { Group } from './commit.ts';
import { askContent, keepNames, namesFor } from './contents.ts';
import type { EngineOptions } from './engine-options.ts';
import { type IdempotencyRecord, SeenPairs } from './idempotency.ts';
import { cacheBytesMax, groupsInFlightMax } from './limits.ts';
import { Memory } from './memory.ts';
import { Order } from './order.ts';
import { StoreFullError } from './store.ts';
import { countItem, noTotals, type Totals } from './totals.ts';

/**
 * The ordered path: takes batches, and answers each when the state it has seen is on disk. Four steps, top to bottom:
 * `submit` (order), `#pump` (prefetched batches leave the queue), `#apply`, `#seal` (commit). Only reading and commits wait.
 */
export class Engine {
  readonly #options: EngineOptions;
  readonly #memory: Memory;
  readonly #order: Order;
  #nextEvent: number;
  #nowMs = 0;
  #open = new Group(1);
  #inFlight: Group[] = [];
  #storedGroup = 0;
  #pumpScheduled = false;
  #stopped = false;
  #waitingForIdle: (() => void)[] = [];
  #failed = false;
  /** What was refused on the way down is left to the next start. */
  #leavesRows = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    const lastEvent = options.store.lastEvent();
    this.#nextEvent = lastEvent + 1;
    this.#memory = new Memory({ lastEvent, cacheBytes: options.cacheBytes ?? cacheBytesMax });
    this.#memory.knownRecords.load(options.store).catch((error) => this.#stopped || this.fail(error));
    this.#order = new Order({
      memory: this.#memory,
      store: options.store,
      storedGroup: () => this.#storedGroup,
      isClosed: () => this.#stopped,
      waitMaxMs: options.waitMaxMs,
      totals: this.totals,
      onLoaded: () => this.#pump(),
      onReadError: (error) => this.fail(error),
    });
  }

  /** Counted since the start. */
  readonly totals: Totals = noTotals();

  /** Batches waiting for their turn, their bytes, and groups on their way to disk. */
  get load(): { queued: number; queuedBytes: number; inFlight: number; cacheBytes: number } {
    return {
      queued: this.#order.length,
      queuedBytes: this.#order.bytes,
      inFlight: this.#inFlight.length,
      cacheBytes: this.#memory.weight,
    };
  }

  /** Takes its place in the order; resolves when the answer may be given. Never rejects. */
  submit(batch: Batch): Promise<BatchResult> {
    const { promise, resolve } = Promise.withResolvers<BatchResult>();
    if (this.#order.add(queue(batch, resolve))) this.totals.batches += 1;
    this.#schedulePump();
    return promise;
  }

  /** Has all rows brought up to date; resolves when they hold what was answered before, rejects when they cannot be written. */
  writeRows(): Promise<void> {
    this.#schedulePump();
    return this.#memory.behind.want((this.#nextEvent - 1) as EventId);
  }

  /** Refuses new batches and resolves when everything taken in before is answered. */
  drain(): Promise<void> {
    this.#stopped = true;
    if (this.#failed) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waitingForIdle.push(resolve);
    this.#schedulePump();
    return promise;
  }

  /**
   * The store is broken, so the outcome of what is under way is unknown: nobody may be told that it worked, nothing more
   * is taken in, and the disk has to be read again. Calls `onFatal` once.
   */
  fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#stopped = true;
    for (const group of [...this.#inFlight, this.#open]) group.finish(unavailable);
    for (const queued of this.#order.clear()) queued.finish(unavailable);
    this.#memory.behind.giveUp(error);
    this.#inFlight = [];
    this.#open = new Group(this.#open.number + 1);
    this.#options.onFatal(error);
    for (const resolve of this.#waitingForIdle.splice(0)) resolve();
  }

  /** Once per turn of the event loop, so that everything that arrived together shares one read and one commit. */
  #schedulePump(): void {
    if (this.#pumpScheduled) return;
    this.#pumpScheduled = true;
    setImmediate(() => {
      this.#pumpScheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#failed) return;
    while (!this.#open.isFull) {
      const queued = this.#order.next();
      if (queued === undefined) break;
      this.#open.answer(queued, this.#apply(queued));
      if (this.#open.isLarge) this.#seal();
    }
    this.#order.prefetch();
    this.#seal();
    if (this.#order.length === 0 && this.#inFlight.length === 0 && this.#open.isEmpty) this.#idle();
  }

  /** The last work of all is to bring rows up to date, so that the next start has no lines to fold. */
  #idle(): void {
    const { any, lost, isWanted } = this.#memory.behind;
    if (!isWanted && !(this.#stopped && any && !this.#leavesRows))
      for (const resolve of this.#waitingForIdle.splice(0)) resolve();
    else if (lost.size === 0) this.#commit(this.#open, true);
  }

  #apply(queued: Queued): BatchResult {
    const { batch } = queued;
    this.totals.items += batch.items.length;
    this.#nowMs = Math.floor(this.#options.clock());
    if (batch.keyed !== undefined) {
      const record = this.#memory.records.get(batch.keyed.record);
      if (record?.kind === 'answer') {
        if (record.bodyHash !== batch.keyed.bodyHash) return { code: 'key_reused' };
        return { code: 'answered', answer: record.answer };
      }
    }
    const outcomes = this.#applyItems(queued);
    const contents = askContent(batch, this.#memory, this.#open);
    const done: BatchResult = { code: 'done', outcomes, ...(contents && { contents }) };
    if (batch.keyed === undefined) return done;
    const { record, bodyHash, render } = batch.keyed;
    let answer: string;
    try {
      answer = render(outcomes, contents ?? []);
    } catch (error) {
      // What was applied is stored; only the answer cannot be kept.
      this.#options.onBug(error);
      return done;
    }
    this.#remember(record, { kind: 'answer', bodyHash, answer });
    return { code: 'answered', answer };
  }

  #applyItems({ batch, users, userOf }: Queued): Outcome[] {
    const seen = new SeenPairs((record) => this.#memory.records.get(record));
    const names = namesFor(batch, this.#memory);
    const outcomes: Outcome[] = [];
    let user: NamedUser | undefined;
    let found: (Profile | undefined)[] = [];
    for (let i = 0; i < batch.items.length; i++) {
      const { command, pair } = batch.items[i] as Batch['items'][number];
      if (pair !== undefined && seen.has(pair)) {
        outcomes.push(duplicate);
        continue;
      }
      const named = users[userOf[i] as number] as NamedUser;
      if (named !== user) found = this.#memory.resolve(named);
      user = named;
      const applied = apply(found, command, {
        project: batch.project,
        nowMs: this.#nowMs,
        nextEvent: this.#nextEvent as EventId,
        names,
      });
      names?.add(applied.names);
      if (applied.lines.length > 0) this.#take(applied, batch.project);
      // Who is named may be somebody else from here on.
      if (applied.namings.length > 0) user = undefined;
      const { outcome } = applied;
      countItem(applied, batch.project, { totals: this.totals, options: this.#options });
      if (command.kind === 'pass_time') {
        // It is done with, unless a clock was set back and it is still the profile's: then it comes again.
        const { dueMs, profile } = command;
        const isDone = outcome.code === 'failed' || found[0]?.timerMs !== dueMs;
        if (isDone) this.#open.finishTimer({ dueMs, project: batch.project, profile });
      }
      if (pair !== undefined && isCarriedOut(outcome)) seen.keep(pair);
      outcomes.push(outcome);
    }
    for (const [name, record] of seen.changed) this.#remember(name, record);
    if (names !== undefined) keepNames(batch.project, names, { memory: this.#memory, group: this.#open });
    return outcomes;
  }

  /** Takes what a command changed into memory and into the open group. */
  #take({ profile, others, gone, lines, namings, erasures, timers }: Applied, project: ProjectId): void {
    const group = this.#open;
    assert(profile !== undefined, 'lines without a profile');
    this.#nextEvent += lines.length;
    for (const line of lines) group.append(line);
    for (const naming of namings) {
      const key = identityKey(project, naming.kind, naming.value);
      this.#memory.changeIdentity(key, naming.profile?.id, group.number);
      group.name(key, project, naming);
    }
    this.#memory.changeProfile(profile, group.number);
    for (const other of others) this.#memory.changeProfile(other, group.number);
    // The row still has what is erased.
    if (erasures.length > 0) group.erase(project, profile, erasures);
    for (const each of gone) {
      this.#memory.removeProfile(each, group.number);
      group.remove(each);
    }
    for (const timer of timers) group.setTimer({ ...timer, project });
  }

  #remember(name: string, record: IdempotencyRecord): void {
    this.#memory.changeRecord(name, record, this.#open.number);
    this.#open.record(name, record);
  }

  /** Hands the open group to the store when the store is free, or when the group is large enough to wait there. */
  #seal(): void {
    const group = this.#open;
    if (group.isEmpty) return;
    if (!group.hasChanges) {
      const newest = this.#inFlight.at(-1);
      if (newest === undefined) group.finish();
      else newest.take(group);
      this.#open = new Group(group.number);
      this.#sweep();
      return;
    }
    if (this.#inFlight.length >= (group.isLarge ? groupsInFlightMax : 1)) return;
    this.#commit(group);
  }

  #commit(group: Group, isIdle = false): void {
    group.nowMs = this.#nowMs;
    this.#inFlight.push(group);
    this.#open = new Group(group.number + 1);
    const lastEvent = (this.#nextEvent - 1) as EventId;
    const rows = this.#memory.behind.rowsOf(group.number, group.due, lastEvent, isIdle);
    this.#options.store.commit(group.toWriteSet(rows)).then(
      () => this.#stored(group, rows.upTo),
      (error) => (error instanceof StoreFullError ? this.#refuse(group) : this.fail(error)),
    );
  }

  #stored(group: Group, rowsUpTo: EventId | undefined): void {
    this.#storedGroup = group.number;
    this.totals.groups += 1;
    this.#inFlight.shift();
    this.#memory.behind.stored(rowsUpTo);
    this.#sweep();
    group.finish();
    this.#pump();
  }

  /** Only after batches were applied, never between having the data of one and applying it. */
  #sweep(): void {
    this.#memory.sweep(this.#options.cacheBytes ?? cacheBytesMax, this.#order.evictableGroup());
  }

  /** No room on disk: this group, and everything applied on top of it, never happened. */
  #refuse(group: Group): void {
    if (!this.#inFlight.includes(group)) return; // refused together with the one before it
    this.#leavesRows = this.#stopped;
    const refused = [...this.#inFlight, this.#open];
    const rows = refused.flatMap((it) => it.rows);
    this.#memory.forgetSince(group.number, rows);
    this.#order.discardRead();
    this.#inFlight = [];
    this.#open = new Group(this.#open.number + 1);
    for (const each of refused) each.finish(unavailable);
    this.#pump();
  }
}
