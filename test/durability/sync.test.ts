import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Answer, bloomreach, leanplum } from '../support/requests.ts';
import { newScratchFolder, type Server, startServer } from '../support/server.ts';
import { straceRefusal, traceWrapper } from '../support/strace.ts';
import { faultBeforeAnswer, parseTrace } from './trace.ts';

describe('the WAL is synced before the first byte of the answer', () => {
  for (const [dialect, write] of Object.entries(writes())) {
    test(dialect, async (t) => {
      const refusal = await straceRefusal();
      if (refusal !== undefined) return t.skip(refusal);
      assert.equal(await faultOf(write, t.signal), undefined);
    });
  }

  // Proves that the two tests above can fail.
  test('and would not be with synchronous=OFF', async (t) => {
    const refusal = await straceRefusal();
    if (refusal !== undefined) return t.skip(refusal);
    const fault = await faultOf(writes().leanplum, t.signal, ['--import', switchOff]);
    assert.equal(fault, 'answered before the WAL was synced');
  });
});

const switchOff = fileURLToPath(new URL('synchronous-off.ts', import.meta.url));

function writes() {
  return {
    leanplum: (server: Server, user: string) =>
      leanplum(server, { action: 'track', userId: user, event: 'x' }),
    bloomreach: (server: Server, user: string) =>
      bloomreach(server, '/track/v2/projects/{token}/customers', {
        customer_ids: { registered: user },
        properties: { plan: 'pro' },
      }),
  };
}

type Write = (server: Server, user: string) => Promise<Answer<unknown>>;

async function faultOf(
  write: Write,
  signal: AbortSignal,
  nodeArguments: string[] = [],
): Promise<string | undefined> {
  const file = join(newScratchFolder(), 'trace');
  await using server = await startServer({ signal, wrapper: traceWrapper(file), nodeArguments });
  const user = 'somebody-whose-name-stands-in-the-wal';
  assert.equal((await write(server, user)).status, 200);
  await server.stop();
  return faultBeforeAnswer(parseTrace(readFileSync(file, 'utf8')), user);
}
