import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { boxKeyBytes, SecretBox } from './secret-box.ts';

const box = new SecretBox(randomBytes(boxKeyBytes));

test('gives back what was sealed', () => {
  for (const secret of ['', 'a', 'ž'.repeat(500)]) assert.equal(box.open(box.seal(secret)), secret);
});

test('does not show it, and never looks the same twice', () => {
  const [one, two] = [box.seal('the secret'), box.seal('the secret')];
  assert.ok(!Buffer.from(one).includes('the secret'));
  assert.notDeepEqual(one, two);
});

test('gives nothing for another key, for a changed byte, for less than there was', () => {
  const sealed = box.seal('the secret');
  assert.equal(new SecretBox(randomBytes(boxKeyBytes)).open(sealed), undefined);
  for (let at = 0; at < sealed.length; at++) {
    const changed = Uint8Array.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.equal(box.open(changed), undefined, `byte ${at}`);
    assert.equal(box.open(sealed.subarray(0, at)), undefined, `${at} bytes`);
  }
});
