import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashSecret, isSecret, newSecret } from './secret.ts';

test('secrets are 256 bits, and no two are the same, however many are asked for', () => {
  const secrets = Array.from({ length: 1_000 }, newSecret);
  for (const it of secrets) assert.match(it, /^[\w-]{43}$/);
  assert.equal(new Set(secrets).size, secrets.length);
  // No part of one is in another either: each byte is given out once.
  assert.equal(new Set(secrets.map((it) => it.slice(0, 10))).size, secrets.length);
});

test('a secret is known by its hash', () => {
  const [mine, other] = [newSecret(), newSecret()];
  for (let time = 0; time < 2; time++) {
    assert.ok(isSecret(mine, hashSecret(mine)));
    assert.ok(!isSecret(other, hashSecret(mine)));
  }
});
