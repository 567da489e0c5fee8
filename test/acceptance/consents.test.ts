/** What customers agree to, and the settings of a project that the bootstrap file declares, over HTTP. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { rapport } from '../support/admin.ts';
import { demoProject } from '../support/demo-project.ts';
import { bloomreach } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';

const track = '/track/v2/projects/{token}';
const data = '/data/v2/projects/{token}';

/** A project whose settings stand in the bootstrap file. */
const declared = {
  name: 'Declared',
  bloomreach: {
    ...demoProject.bloomreach,
    projectToken: '0c7d5c44-8a43-4f3c-9d0b-5f9c1f6f0a11',
    consentCategories: [
      { id: 'sms', name: 'Texts', description: 'On your phone', legitimateInterest: true },
      { id: 'mail', name: 'Letters' },
    ],
    privateProperties: ['iban'],
    legacySingleErrors200: true,
  },
};

let server: Server;
before(async () => {
  server = await startServer({ bootstrap: { projects: [demoProject, declared] } });
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
    const ofStream = categories.replace('/projects/', '/streams/');
    for (const given of [undefined, {}]) {
      const { body } = await bloomreach(server, ofStream, given, { auth: 'public' });
      assert.deepEqual(body, { success: true, results: [newsletter] });
    }
    const refused = await bloomreach(server, ofStream, undefined, { auth: 'Token wrong' });
    assert.deepEqual([refused.status, refused.body.error], [401, 'access key not found']);
  });

  test('the bootstrap file declares them', async () => {
    const path = `/data/v2/projects/${declared.bloomreach.projectToken}/consent/categories`;
    const { body } = await bloomreach(server, path, undefined, { auth: 'public' });
    assert.deepEqual(body.results, [
      entry('sms', 'Texts', 'On your phone', true),
      entry('mail', 'Letters', null, false),
    ]);
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
    ['until a time as text', [[1, { ...accept, valid_until: `${nowSec + 3600}` }]], true],
    ['until no time at all', [[1, { ...accept, valid_until: 'forever' }]], false],
    [
      'with a time of its own in the properties, as the PHP client sends it',
      [[1, { ...accept, timestamp: 5 }]],
      true,
    ],
    [
      'of two at one time the later to arrive',
      [
        [1, { action: 'reject', category: 'c' }],
        [1, accept],
      ],
      true,
    ],
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

describe('other settings that the bootstrap file declares', () => {
  const ofDeclared = (path: string) => path.replace('{token}', declared.bloomreach.projectToken);

  test('failures of single calls with status 200', async () => {
    const call = (path: string) => bloomreach(server, `${path}/customers/events`, { customer_ids: {} });
    const body = { success: false, errors: ['At least one id should be specified.'] };
    for (const [path, status] of [
      [ofDeclared(track), 200],
      [track, 400],
    ] as const) {
      const answer = await call(path);
      assert.deepEqual([answer.status, answer.body], [status, body]);
    }
  });

  test('what anonymizing takes away', async () => {
    const customer_ids = { registered: 'private' };
    const properties = { email: 'a@example.com', iban: 'DE00' };
    await bloomreach(server, ofDeclared(`${track}/customers`), { customer_ids, properties });
    const { status } = await bloomreach(server, ofDeclared(`${data}/customers/anonymize`), { customer_ids });
    assert.equal(status, 200);
    const exported = await bloomreach(server, ofDeclared(`${data}/customers/export`), {
      format: 'table_json',
    });
    assert.deepEqual(
      (exported.body as unknown as Record<string, unknown>[]).map(({ email, iban }) => [email, iban]),
      [['a@example.com', undefined]],
    );
  });
});
