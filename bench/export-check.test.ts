import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExportCheck } from './export-check.ts';

test('an export has every customer once, however its bytes are cut', () => {
  const body = (customers: readonly number[], end = ']}') => {
    const rows = customers.map((it) => `["user-${String(it).padStart(8, '0')}",[],"Ana"]`);
    return Buffer.from(`{"success":true,"fields":[{"type":"id","id":"registered"}],"data":[${rows}${end}`);
  };
  const check = (bytes: Buffer, size: number) => {
    const checked = new ExportCheck(3);
    for (let at = 0; at < bytes.length; at += size) checked.push(bytes.subarray(at, at + size));
    checked.end();
    return checked.bytes;
  };
  for (const size of [1, 7, 16, 1000]) {
    assert.equal(check(body([2, 0, 1]), size), body([2, 0, 1]).length);
    assert.throws(() => check(body([2, 0]), size), /2 customers in the export instead of 3/);
    assert.throws(() => check(body([2, 0, 2]), size), /Customer 2 is in the export twice/);
    assert.throws(() => check(body([0, 1, 2, 3]), size), /Customer 3 is in the export, and in nothing/);
    assert.throws(() => check(body([0, 1, 2], ''), size), /broke off/);
    assert.throws(() => check(Buffer.from('{"success":false,"error":"No permission"}'), size), /begins with/);
  }
});
