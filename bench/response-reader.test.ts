import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countSuccesses, ResponseReader } from './response-reader.ts';

const exampleBody = '{"response":[{"success":true,"reqId":"a"},{"success":false}]}';
const exampleAnswer = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Length: ${exampleBody.length}\r\nVary: Origin\r\n\r\n${exampleBody}`,
);

test('an answer is framed wherever it is split, and the next one after it', () => {
  for (let split = 1; split < exampleAnswer.length; split++) {
    const reader = new ResponseReader();
    for (let answers = 0; answers < 2; answers++) {
      assert.equal(reader.push(exampleAnswer.subarray(0, split)), undefined);
      const answer = reader.push(exampleAnswer.subarray(split));
      assert.deepEqual([answer?.status, answer?.body.toString()], [200, exampleBody], `split at ${split}`);
    }
  }
});

test('a chunk may be overwritten once it was pushed', () => {
  const reader = new ResponseReader();
  const chunk = Buffer.alloc(1);
  const answers = [...exampleAnswer].map((byte) => {
    chunk[0] = byte;
    return reader.push(chunk)?.body.toString();
  });
  assert.deepEqual(
    answers.filter((body) => body !== undefined),
    [exampleBody],
  );
});

test('an answer without a body, and one with an error status', () => {
  const answer = new ResponseReader().push(
    Buffer.from('HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nretry-after: 1\r\n\r\n'),
  );
  assert.deepEqual([answer?.status, answer?.body.length], [503, 0]);
});

test('what cannot be framed is refused', () => {
  const reader = new ResponseReader();
  assert.throws(() => reader.push(Buffer.from('HTTP/1.1 200 OK\r\n\r\n')), /without Content-Length/);
  assert.throws(
    () => new ResponseReader().push(Buffer.concat([exampleAnswer, exampleAnswer])),
    /framing is lost/,
  );
});

test('successes are counted as a search of the text would', () => {
  const texts = [
    '',
    '"success":tru',
    '"success":true',
    '"success":true"success":true',
    'ss":true,"succ"success":true "success":tRue',
    exampleBody.repeat(300),
  ];
  for (const text of texts) {
    for (let pad = 0; pad < 20; pad++) {
      const padded = 'e'.repeat(pad) + text;
      assert.equal(countSuccesses(Buffer.from(padded)), padded.split('"success":true').length - 1, padded);
    }
  }
});
