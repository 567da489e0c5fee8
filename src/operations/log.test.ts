/** What reaches the log of an error, and what does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildLog } from './log.ts';

const secret = 'prod_very-secret-key';

function logged(error: unknown): string {
  let text = '';
  const log = buildLog({
    write: (line) => {
      text += line;
    },
  });
  log.error({ err: error }, 'a request failed');
  return text;
}

function thrown(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
}

test('an error is described by type, message, code and frames', () => {
  const { err, msg } = JSON.parse(logged(Object.assign(new TypeError('no room'), { code: 'ENOSPC' })));
  assert.equal(msg, 'a request failed');
  assert.deepEqual([err.type, err.message, err.code], ['TypeError', 'no room', 'ENOSPC']);
  assert.match(err.stack, /^at .*log\.test\.ts/);
});

test('a body that is no JSON is not in the log', () => {
  const error = thrown(() => JSON.parse(`{"clientKey":"${secret}`));
  const short = thrown(() => JSON.parse(secret));
  assert.match(String(short), new RegExp(secret.slice(0, 8)), 'the error itself shows it');
  for (const each of [error, short, new Error('outer', { cause: short })]) {
    const text = logged(each);
    assert.ok(!text.includes(secret.slice(0, 8)), text);
    assert.match(text, /SyntaxError/);
  }
});

test('what an error carries beside its message is not in the log', () => {
  const error = Object.assign(new Error('failed'), { body: secret, request: { url: `/api?k=${secret}` } });
  assert.ok(!logged(error).includes(secret));
  assert.ok(!logged(secret).includes(secret), 'a thrown text');
  assert.ok(!logged({ message: secret }).includes(secret), 'a thrown object');
});

test('a message of several lines does not come again with the frames', () => {
  const error = new SyntaxError(`first\n    at ${secret}\nthird`);
  assert.ok(!logged(error).includes(secret));
});

test('a chain of causes ends', () => {
  const error = new Error('around');
  error.cause = error;
  assert.ok(logged(error).length < 20_000);
});
