/** What customers agree to, over HTTP. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { rapport } from '../support/admin.ts';
import { bloomreach } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';

const track = '/track/v2/projects/{token}';
const data = '/data/v2/projects/{token}';

let server: Server;
before(async () => {
  server = await startServer();
});
after(() => server[Symbol.asyncDispose]());

async function run(...args: string[]): Promise<void> {
  const { code, stderr } = await rapport([...args, '--data', server.dataFolder]);
  assert.equal(code, 0, stderr);
}

describe('consent categories', () => {
  const categories = `${data}/consent/categories`;
  const list = async (body?: unknown) => {
    const answer = await bloomreach(server, categories, body, { auth: 'public' });
    assert.equal(answer.status, 200, answer.text);
    return answer.body.results;
  };
  const sources = {
    crm: true,
    import: true,
    list_unsubscribe: true,
    page: true,
    private_api: true,
    public_api: false,
    scenario: true,
    sms_reply: true,
  };
  const entry = (id: string, name: string, description: string | null, legitimate_interest: boolean) => ({
    id,
    legitimate_interest,
    sources,
    translations: { '': { name, description } },
  });
  const newsletter = entry('newsletter', 'Newsletter', null, false);

  test('there is one from the start, by GET and by POST', async () => {
    assert.deepEqual(await list(), [newsletter]);
    assert.deepEqual(await list({}), [newsletter]);
  });

  test('the command line adds and removes them', async () => {
    await run('consents', 'set', 'Demo', 'sms', '--name', 'Texts', '--legitimate-interest');
    assert.deepEqual(await list(), [newsletter, entry('sms', 'Texts', null, true)]);
    await run('consents', 'remove', 'Demo', 'sms');
    assert.deepEqual(await list(), [newsletter]);
  });
});

describe('what a customer agrees to', () => {
  const nowSec = Date.now() / 1000;
  const accept = { action: 'accept', category: 'c', valid_until: 'unlimited' };
  const rows: [what: string, events: [timestamp: number, properties: unknown][], agrees: boolean][] = [
    ['nothing', [], false],
    ['accepted', [[1, accept]], true],
    ['of another category', [[1, { ...accept, category: 'd' }]], false],
    [
      'accepted, then rejected',
      [
        [1, accept],
        [2, { action: 'reject', category: 'c' }],
      ],
      false,
    ],
    [
      'a rejection of before that arrives later',
      [
        [2, accept],
        [1, { action: 'reject', category: 'c' }],
      ],
      true,
    ],
    ['until a time to come', [[1, { ...accept, valid_until: nowSec + 3600 }]], true],
    ['until a time gone by', [[1, { ...accept, valid_until: nowSec - 1 }]], false],
    ['without an end', [[1, { action: 'accept', category: 'c' }]], false],
    ['of an unknown action', [[1, { ...accept, action: 'ACCEPT' }]], false],
    [
      'accepted, then something invalid',
      [
        [1, accept],
        [2, { category: 'c' }],
      ],
      false,
    ],
  ];
  for (const [index, [what, events, agrees]] of rows.entries()) {
    test(`${what}: ${agrees}`, async () => {
      const customer_ids = { registered: `customer ${index}` };
      const commands = [
        { name: 'customers', data: { customer_ids, properties: {} } },
        ...events.map(([timestamp, properties]) => ({
          name: 'customers/events',
          data: { customer_ids, event_type: 'consent', timestamp: 1_700_000_000 + timestamp, properties },
        })),
      ];
      const written = await bloomreach(server, `${track}/batch`, { commands });
      assert.ok(
        written.body.results?.every(({ success }) => success),
        written.text,
      );
      const attributes = [{ type: 'consent', category: 'c' }];
      const { body } = await bloomreach(server, `${data}/customers/attributes`, { customer_ids, attributes });
      assert.deepEqual(body.results, [{ success: true, value: agrees }]);
    });
  }
});
