import assert from 'node:assert/strict';
import { ServerDidNotStart, startServer } from './server.ts';

/** A server with these settings does not start, and says why in one line that begins with `message`. */
export async function assertRefusesStart(
  environment: Record<string, string>,
  message: string,
): Promise<void> {
  await assert.rejects(startServer({ environment }), (error) => {
    assert.ok(error instanceof ServerDidNotStart);
    assert.ok(error.output.includes(`Rapport cannot start: ${message}`), error.output);
    return true;
  });
}
