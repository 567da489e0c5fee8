import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compressText, decompressText } from './compressed-text.ts';

describe('a text', () => {
  for (const [name, text] of [
    ['empty', ''],
    ['short', '{"name":"Zoë"}\n{"name":"\u0000"}'],
    ['just not compressed', 'é'.repeat(2_999)],
    ['just compressed', 'é'.repeat(3_000)],
    ['long', '{"kind":"event"}\n'.repeat(100_000)],
  ] as const) {
    test(`comes back as it was: ${name}`, () => {
      assert.equal(decompressText(compressText(text)).toString(), text);
    });
  }

  test('is compressed when it is long', () => {
    assert.equal(compressText('x'.repeat(2_999)), 'x'.repeat(2_999));
    const compressed = compressText('x'.repeat(3_000));
    assert.ok(typeof compressed !== 'string' && compressed.length < 100);
  });
});
