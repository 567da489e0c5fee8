import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compile, patch, type Template, type Values } from './template.ts';
import { buildWorkload, type WorkloadName } from './workloads.ts';

const exampleHead = 'POST / HTTP/1.1\r\n';

function render(template: Template, values: Values): { head: string; body: string } {
  const bytes = Buffer.from(template.bytes);
  patch(template, bytes, values);
  const [head = '', body = ''] = bytes.toString('latin1').split('\r\n\r\n');
  return { head, body };
}

test('fields keep the text around them and lose the quotes of a bare one', () => {
  const template = compile(exampleHead, '{"id":"user-{{user 1}}","n":"{{#serial 0}}","at":"{{#time 250}}"}');
  const { head, body } = render(template, { users: [7, 42], firstId: 5, nowMs: 1_700_000_000_100 });
  assert.equal(body, '{"id":"user-00000042","n":100000005,"at":1699999999.850}');
  assert.equal(head, `POST / HTTP/1.1\r\nContent-Length: ${body.length}`);
});

test('an id repeats within a request and never in the next one', () => {
  const template = compile(exampleHead, '["{{id 0}}","{{id 1}}","{{id 0}}"]');
  assert.equal(template.idCount, 2);
  const render3 = (firstId: number): string[] =>
    JSON.parse(render(template, { users: [], firstId, nowMs: 0 }).body);
  const [first, second, again] = render3(1);
  assert.equal(again, first);
  assert.equal(new Set([first, second, ...render3(1 + template.idCount)]).size, 4);
  assert.match(first ?? '', /^[0-9a-f]{8}-0000-4000-8000-0000[0-9a-f]{8}$/);
});

test('patching again leaves nothing of the request before', () => {
  const template = compile(exampleHead, '["{{user 0}}","{{id 0}}","{{#random 0}}","{{#time 0}}"]');
  const bytes = Buffer.from(template.bytes);
  patch(template, bytes, { users: [99_999_999], firstId: 4_000_000_000, nowMs: 1_899_999_999_999 });
  const values = { users: [3], firstId: 1, nowMs: 1_000_000_000_000 };
  patch(template, bytes, values);
  assert.equal(bytes.toString('latin1').split('\r\n\r\n')[1], render(template, values).body);
});

test('an unknown field is refused', () => {
  assert.throws(() => compile(exampleHead, '"{{usr 0}}"'), /Unknown field in a template: usr/);
});

test('every workload renders as JSON with as many items and users as it says', () => {
  const names: WorkloadName[] = [
    'multi50',
    'multi500',
    'batch10',
    'batch1',
    'links',
    'visit',
    'prefill',
    'customers',
  ];
  for (const name of names) {
    const { template, itemsPerRequest, usersPerRequest } = buildWorkload(name);
    const users = Array.from({ length: usersPerRequest }, (_, index) => index + 1);
    const { body } = render(template, { users, firstId: 1, nowMs: Date.now() });
    const { data, commands } = JSON.parse(body);
    assert.equal((data ?? commands).length, itemsPerRequest, name);
    assert.equal(new Set(body.match(/user-\d{8}/g)).size, usersPerRequest, name);
    assert.ok(!body.includes('{{'), name);
  }
});
