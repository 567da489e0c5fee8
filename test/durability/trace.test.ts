import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { commitOf, faultBeforeAnswer, parseTrace } from './trace.ts';

/** One request, recorded with strace and shortened: thread 57 serves, thread 69 writes to the disk. */
const recorded = String.raw`
57  read(32<socket:[14396]>, "POST /api HTTP/1.1\r\n\r\n{\"action\":\"track\",\"userId\":\"marker-1\"}", 65536) = 412
57  write(29<anon_inode:[eventfd]>, "\1\0\0\0\0\0\0\0", 8) = 8
69  pwrite64(31</data/rapport.sqlite-wal>, "\0\0\0\2\0\0\0\0\223\312\215:", 24, 28872) = 24
69  pwrite64(31</data/rapport.sqlite-wal>, "\r\0{\"user\":\"marker-1\"}) = 1", 4096, 28896) = 4096
69  pwrite64(31</data/rapport.sqlite-wal>, "\0\0\0\3\0\0\0\5\223\312\215:", 24, 32992) = 24
69  pwrite64(31</data/rapport.sqlite-wal>, "\r\0\0\0\1\17\200\0\17\200", 4096, 33016) = 4096
69  fsync(31</data/rapport.sqlite-wal> <unfinished ...>
57  read(21</usr/share/zoneinfo/Etc/UTC>, "TZif2", 4096) = 114
69  <... fsync resumed>) = 0
69  write(19<anon_inode:[eventfd]>, "\1\0\0\0\0\0\0\0", 8) = 8
57  writev(32<socket:[14396]>, [{iov_base="HTTP/1.1 200 OK\r\n", iov_len=165}, {iov_base="\r\n", iov_len=2}], 2) = 167
57  +++ exited with 0 +++`;

const unsynced = 'answered before the WAL was synced';

const faults: Record<string, { trace: string; fault: string | undefined }> = {
  nothing: { trace: recorded, fault: undefined },
  'no sync': { trace: without('fsync'), fault: unsynced },
  'a sync of another file': {
    trace: recorded.replace('fsync(31</data/rapport.sqlite-wal>', 'fsync(3</data>'),
    fault: unsynced,
  },
  'a sync that failed': {
    trace: recorded.replace('resumed>) = 0', 'resumed>) = -1 EIO (Input/output error)'),
    fault: unsynced,
  },
  'a sync that never returned': { trace: without('resumed'), fault: unsynced },
  'a sync that returned too late': { trace: moved('resumed', 2), fault: unsynced },
  'a sync begun before the last page was there': { trace: moved('fsync(', -1), fault: unsynced },
  'no page in the WAL': { trace: without('pwrite64'), fault: 'answered before it was written to the WAL' },
  'no answer': { trace: without('HTTP/1.1 200'), fault: 'the request was never answered' },
  'no request': { trace: without('POST'), fault: 'the request was never read' },
};

describe('the judge of traces finds', () => {
  for (const [name, { trace, fault }] of Object.entries(faults)) {
    test(name, () => assert.equal(faultBeforeAnswer(parseTrace(trace), 'marker-1'), fault));
  }

  test('an error as the answer', () => {
    const trace = recorded.replace('200 OK', '503 Service Unavailable');
    assert.match(faultBeforeAnswer(parseTrace(trace), 'marker-1') ?? '', /^the request failed.*503/);
  });
});

test('the commit of a marker is the first sync after its page', () => {
  const calls = parseTrace(recorded);
  assert.equal(
    commitOf(calls, 'marker-1'),
    calls.find((call) => call.name === 'fsync'),
  );
  assert.equal(commitOf(calls, 'marker-2'), undefined);
  assert.equal(commitOf(parseTrace(without('resumed')), 'marker-1'), undefined);
});

function without(text: string): string {
  return linesOf()
    .filter((line) => !line.includes(text))
    .join('\n');
}

/** The same trace, with the line that holds the text some places further down. */
function moved(text: string, places: number): string {
  const lines = linesOf();
  const from = lines.findIndex((line) => line.includes(text));
  lines.splice(from + places, 0, ...lines.splice(from, 1));
  return lines.join('\n');
}

function linesOf(): string[] {
  return recorded.split('\n');
}
