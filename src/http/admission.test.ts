import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Admission, type Admitted } from './admission.ts';
import {
  admittedMax,
  admittedMin,
  admittedStart,
  fewRequests,
  fewRequestsBytes,
  requestCost,
} from './limits.ts';

/** An admission on a clock that stands still until it is moved. */
function start() {
  let nowMs = 0;
  const admission = new Admission(() => nowMs);
  /** Lets in what it may of so many requests of a size, and answers all of them later. */
  const serve = (count: number, bytes: number, afterMs: number): number => {
    const entered = Array.from({ length: count }, () => admission.enter(bytes)).filter(
      (it) => it !== undefined,
    );
    nowMs += afterMs;
    for (const it of entered) admission.leave(it);
    return entered.length;
  };
  return { admission, serve };
}

const small = 10_000;
const huge = 50 * 1024 * 1024;

describe('what is let in', () => {
  test('is bounded by bytes and by number', () => {
    assert.equal(start().serve(10_000, small, 1), Math.floor(admittedStart / (small + requestCost)));
    assert.equal(start().serve(10_000, 0, 1), Math.floor(admittedStart / requestCost));
  });

  test('a huge one finds its turn, when nothing else is there at the latest', () => {
    assert.equal(start().serve(1, huge, 1), 1);
  });

  test('huge ones take nothing of the room of the others', () => {
    const { admission } = start();
    const entered = Array.from({ length: 16 }, () => admission.enter(huge)).filter((it) => it !== undefined);
    assert.equal(entered.length, 2);
    const others = Array.from({ length: 10_000 }, () => admission.enter(small)).filter(
      (it) => it !== undefined,
    );
    assert.equal(others.length, Math.floor(admittedStart / (small + requestCost)));
    for (const it of [...entered, ...others]) admission.leave(it as Admitted);
    assert.equal(admission.load.admitted, 0);
  });
});

describe('how much is let in', () => {
  test('shrinks while answers are late, to a least', () => {
    const { admission, serve } = start();
    const counts = Array.from({ length: 40 }, () => serve(1_000, small, 500));
    assert.ok((counts[1] as number) < (counts[0] as number));
    assert.equal(admission.load.limit, admittedMin);
    assert.equal(counts.at(-1), Math.floor(admittedMin / (small + requestCost)));
  });

  test('a few requests are let in, however late the answers', () => {
    const { admission, serve } = start();
    for (let round = 0; round < 40; round++) serve(1_000, small, 500);
    const batchOf500 = fewRequestsBytes / fewRequests - requestCost;
    // Behind them, these are large ones, of which there may be two.
    assert.equal(serve(1_000, batchOf500, 500), fewRequests + 2);
    assert.equal(admission.load.limit, admittedMin);
  });

  test('grows while answers are soon and requests are refused, up to a most', () => {
    const { admission, serve } = start();
    for (let round = 0; round < 300; round++) serve(2_000, 60_000, 20);
    assert.equal(admission.load.limit, admittedMax);
  });

  test('stays when nobody was refused, however late the answers', () => {
    const { admission, serve } = start();
    for (let round = 0; round < 20; round++) assert.equal(serve(40, small, 5_000), 40);
    assert.equal(admission.load.limit, admittedStart);
    assert.equal(admission.load.refused, 0);
  });

  test('comes back after a time of late answers', () => {
    const { admission, serve } = start();
    for (let round = 0; round < 40; round++) serve(1_000, small, 500);
    for (let round = 0; round < 100; round++) serve(1_000, small, 20);
    assert.ok(admission.load.limit > admittedStart);
  });
});
