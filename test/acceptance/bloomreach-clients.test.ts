/** The ten facts about real clients that break naive servers (contract 0), each over HTTP. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { demoProject } from '../support/demo-project.ts';
import { bloomreach } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { exportOne, isNear, nowSec, send } from './wire.ts';

let server: Server;
before(async () => {
  server = await startServer();
});
after(() => server[Symbol.asyncDispose]());

const { projectToken, privateKeys, publicTokens } = demoProject.bloomreach;
const track = '/track/v2/projects/{token}';
const done = { success: true, errors: [] };

async function post(path: string, body: unknown): Promise<unknown> {
  const answer = await bloomreach(server, `${track}/${path}`, body, { auth: 'public' });
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
}

describe('clients', () => {
  test('1: the Python SDK sends null for what its caller leaves out', async () => {
    const customer_ids = { registered: 'fact 1' };
    assert.deepEqual(await post('customers', { customer_ids, properties: null, timestamp: null }), done);
    const event = { customer_ids, event_type: 'x', properties: null, timestamp: null };
    assert.deepEqual(await post('customers/events', event), done);
    const { events } = await exportOne(server, customer_ids);
    assert.deepEqual(
      events.map(({ properties }) => properties),
      [{}],
    );
    isNear(events[0]?.timestamp, nowSec());
  });

  test('2 and 3: results by place and by command_id, with a list of errors that is not empty', async () => {
    const data = { customer_ids: { registered: 'fact 2' }, event_type: 'x' };
    const commands = [
      { name: 'customers/events', command_id: 'b', data },
      { name: 'customers/events', command_id: 'a', data: { ...data, customer_ids: {} } },
      { name: 'nothing', command_id: 'c' },
      { name: 'customers/events', command_id: 'b2', data },
    ];
    const { results } = (await post('batch', { commands })) as { results: unknown };
    assert.deepEqual(results, [
      { success: true, command_id: 'b' },
      { success: false, errors: ['At least one id should be specified.'], command_id: 'a' },
      { success: false, errors: ['Unknown command'], command_id: 'c' },
      { success: true, command_id: 'b2' },
    ]);
  });

  test('4: a phone drops what got a 2xx, so what was not stored gets none', async () => {
    const faulty = { customer_ids: {}, event_type: 'x' };
    const refused = await bloomreach(server, `${track}/customers/events`, faulty, { auth: 'public' });
    assert.equal(refused.status, 400);
    const customer_ids = { cookie: 'fact 4' };
    assert.deepEqual(await post('customers/events', { customer_ids, event_type: 'x' }), done);
    assert.equal((await exportOne(server, customer_ids)).events.length, 1);
  });

  test("5: Android's click names nobody", async () => {
    const url = 'https://shop.test/x?utm_source=mail&xnpe_cmp=AbC';
    const click = { url, timestamp: 1767225600.1, properties: { platform: 'Android' } };
    assert.deepEqual(await post('campaigns/clicks', click), done);
  });

  test('6: older SDKs send an age, the web SDK an age and a time', async () => {
    const customer_ids = { registered: 'fact 6' };
    for (const more of [{ age: 60 }, { age: 60, timestamp: 1 }]) {
      await post('customers/events', { customer_ids, event_type: 'x', properties: more, ...more });
    }
    const { events } = await exportOne(server, customer_ids);
    assert.equal(events.length, 2);
    for (const { timestamp } of events) isNear(timestamp, nowSec() - 60);
  });

  test('7 and 8: the PHP client writes "basic", and fails at the words "no permission" in a success', async () => {
    const pair = Buffer.from(`${privateKeys[0].id}:${privateKeys[0].secret}`).toString('base64');
    const headers = { authorization: `basic ${pair}` };
    const body = JSON.stringify({
      customer_ids: { registered: 'no permission' },
      event_type: 'no permission',
    });
    const project = track.replace('{token}', projectToken);
    for (const path of ['customers', 'customers/events']) {
      const answer = await send(server, `${project}/${path}`, { headers, body });
      assert.equal(answer.status, 200);
      assert.doesNotMatch(answer.text, /no permission/i);
    }
  });

  test('9: the Magento module adds members of its own', async () => {
    const commands = [
      { name: 'customers', command_id: '1', data: { customer_ids: { registered: 'fact 9' } } },
    ];
    const own = { sdk: 'Magento', sdk_version: '1.2.0', magento_version: '2.4.7' };
    const { results } = (await post('batch', { ...own, commands })) as { results: unknown };
    assert.deepEqual(results, [{ success: true, command_id: '1' }]);
  });

  test('10: identify without properties links the ids', async () => {
    const customer_ids = { cookie: 'fact 10', registered: 'fact 10' };
    await post('customers/events', { customer_ids: { cookie: 'fact 10' }, event_type: 'before' });
    assert.deepEqual(await post('customers', { customer_ids, properties: {}, timestamp: nowSec() }), done);
    const { ids, events } = await exportOne(server, { registered: 'fact 10' });
    assert.deepEqual(ids, { registered: 'fact 10', cookie: ['fact 10'] });
    assert.deepEqual(
      events.map(({ type }) => type),
      ['before'],
    );
  });

  test('a public token in the query does what one in the header does', async () => {
    const path = `${track.replace('{token}', projectToken)}/customers?access_token=${publicTokens[0]}`;
    const body = JSON.stringify({ customer_ids: { registered: 'query' } });
    assert.deepEqual((await send(server, path, { body })).body, done);
  });
});
