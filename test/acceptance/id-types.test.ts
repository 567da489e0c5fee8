/** Customers of a project with more types of ids than the two that every project begins with (Bloomreach contract 2.6). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SignJWT } from 'jose';
import { admin, rapport } from '../support/admin.ts';
import { demoProject } from '../support/demo-project.ts';
import { bloomreach, leanplum } from '../support/requests.ts';
import { type Server, ServerDidNotStart, startServer } from '../support/server.ts';
import { exportOne, exportUser } from './wire.ts';

const track = '/track/v2/projects/{token}';
const data = '/data/v2/projects/{token}';
const ids = { hard: ['registered', 'email_id'], soft: ['cookie', 'google_analytics'] };
const wide = { ...demoProject, bloomreach: { ...demoProject.bloomreach, ids } };
/** Declares nothing, so it has the two types. */
const plain = {
  name: 'Plain',
  bloomreach: { ...demoProject.bloomreach, projectToken: '0c7d5c44-8a43-4f3c-9d0b-5f9c1f6f0a22' },
};

let server: Server;
before(async () => {
  server = await startServer({ bootstrap: { projects: [wide, plain] } });
});
after(() => server[Symbol.asyncDispose]());

type Ids = Record<string, unknown>;
const noValidIds = { success: false, errors: ['At least one valid id should be specified'] };

async function write(path: string, body: object, of = server): Promise<void> {
  const answer = await bloomreach(of, path, body);
  // link-ids answers {}.
  assert.deepEqual([answer.status, answer.body.success ?? true], [200, true], answer.text);
}
const event = (customer_ids: Ids, event_type: string, of = server) =>
  write(`${track}/customers/events`, { customer_ids, event_type }, of);
const update = (customer_ids: Ids, properties: object) =>
  write(`${track}/customers`, { customer_ids, properties });
const idsOf = async (customerIds: Ids, of = server) => (await exportOne(of, customerIds)).ids;
const eventsOf = async (customerIds: Ids) =>
  (await exportOne(server, customerIds)).events.map(({ type }) => type);
const isKnown = async (customer_ids: Ids) =>
  (await bloomreach(server, `${data}/customers/export-one`, { customer_ids })).status === 200;

test('more than 256 ids are refused: in commands, alone and in a batch, and where a customer is looked up', async () => {
  const soft = ['cookie', 'a', 'b', 'c', 'd'];
  const types = { hard: ['registered'], soft };
  const project = { ...demoProject, bloomreach: { ...demoProject.bloomreach, ids: types } };
  await using other = await startServer({ bootstrap: { projects: [project] } });
  const full: Ids = Object.fromEntries(
    soft.slice(1).map((type) => [type, Array.from({ length: 64 }, (_, n) => `${type}${n}`)]),
  );
  await event(full, 'seen', other);
  const customer_ids = { ...full, registered: 'ann' };
  const rows = [
    ['customers', { customer_ids }],
    ['customers/events', { customer_ids, event_type: 'e' }],
    ['campaigns/clicks', { customer_ids, url: 'https://shop.test/?utm_source=x' }],
  ] as const;
  const failed = { success: false, errors: ['Too many ids'] };
  for (const [name, body] of rows) {
    const answer = await bloomreach(other, `${track}/${name}`, body);
    assert.deepEqual([answer.status, answer.body], [400, failed], name);
  }
  const commands = rows.map(([name, of]) => ({ name, data: of }));
  const batch = await bloomreach(other, `${track}/batch`, { commands });
  assert.deepEqual(batch.body.results, [failed, failed, failed]);
  const lookUps = [
    ['export-one', { customer_ids }, { customer_ids: ['Too many ids'] }],
    ['anonymize', { customer_ids }, { customer_ids: ['Too many ids'] }],
    [
      'anonymize_bulk',
      { customers: [{ customer_ids: { cookie: 'x' } }, { customer_ids }] },
      { customers: { 1: ['Too many ids'] } },
    ],
  ] as const;
  for (const [name, body, errors] of lookUps) {
    const answer = await bloomreach(other, `${data}/customers/${name}`, body);
    assert.deepEqual([answer.status, answer.body], [400, { success: false, errors }], name);
  }
});

describe('ids', () => {
  test('of every declared type name the customer, and are read back: hard ones as text, soft ones as arrays', async () => {
    const all = { registered: 1, email_id: ['a@1'], cookie: 'c 1', google_analytics: ['g 1', 2], other: 'x' };
    await event(all, 'seen');
    const shown = { registered: '1', email_id: 'a@1', cookie: ['c 1'], google_analytics: ['g 1', '2'] };
    const names: Ids[] = [
      { registered: '1' },
      { email_id: 'a@1' },
      { cookie: 'c 1' },
      { google_analytics: 2 },
    ];
    for (const it of names) assert.deepEqual(await idsOf(it), shown);
    const attributes = ['email_id', 'google_analytics', 'other'].map((id) => ({ type: 'id', id }));
    const { body } = await bloomreach(server, `${data}/customers/attributes`, {
      customer_ids: { email_id: 'a@1' },
      attributes,
    });
    assert.deepEqual(
      body.results?.map(({ value }) => value),
      ['a@1', ['g 1', '2'], null],
    );
  });

  test('that are numbers, several hard ones, and types that nobody declared', async () => {
    await event(
      { email_id: 42, google_analytics: 'null', device: 'd', user: 'u', 'hard:email_id': 'x' },
      'a',
    );
    assert.deepEqual(await idsOf({ email_id: '42' }), { email_id: '42', cookie: [], google_analytics: [] });
    for (const customer_ids of [
      { email_id: ['a', 'b'] },
      { user: 'ann' },
      { device: 'd' },
      { 'soft:x': 'y' },
    ]) {
      const answer = await bloomreach(server, `${track}/customers/events`, { customer_ids, event_type: 'a' });
      assert.deepEqual([answer.status, answer.body], [400, noValidIds]);
    }
  });

  test('are columns of an export', async () => {
    await update({ email_id: 'export@1', google_analytics: ['x', 'y'] }, { exported: true });
    const ask = async (format: string) =>
      (await bloomreach(server, `${data}/customers/export`, { format })).body as never;
    const { fields } = (await ask('native_json')) as { fields: { id?: string }[] };
    const columns = [...ids.hard, ...ids.soft];
    assert.deepEqual(
      fields.slice(0, 5).map(({ id }) => id),
      [...columns, undefined],
    );
    const rows = (await ask('table_json')) as Record<string, unknown>[];
    const row = rows.find((it) => it['email_id'] === 'export@1');
    assert.deepEqual(row, {
      ...row,
      registered: null,
      cookie: [],
      google_analytics: ['x', 'y'],
      exported: true,
    });
  });

  test('as CSV', async () => {
    const attributes = { type: 'some', list: [...ids.hard, ...ids.soft].map((id) => ({ type: 'id', id })) };
    const [{ id, secret }] = demoProject.bloomreach.privateKeys;
    const url =
      server.url + `${data}/customers/export`.replace('{token}', demoProject.bloomreach.projectToken);
    const answer = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
      body: JSON.stringify({ format: 'csv', attributes }),
    });
    const [heading, ...rows] = (await answer.text()).split('\r\n');
    assert.equal(heading, 'registered,email_id,cookie,google_analytics');
    assert.ok(rows.includes(',export@1,[],"[""x"",""y""]"'), rows.join('\n'));
  });
});

describe('merging', () => {
  test('two hard ids that are named together: one customer, with everything of both', async () => {
    await event({ email_id: 'm@1', google_analytics: 'mg 1' }, 'by email');
    await event({ registered: 'm 1', cookie: 'mc 1' }, 'by name');
    await event({ email_id: 'm@1', registered: 'm 1' }, 'both');
    const shown = { registered: 'm 1', email_id: 'm@1', cookie: ['mc 1'], google_analytics: ['mg 1'] };
    for (const by of [{ registered: 'm 1' }, { google_analytics: 'mg 1' }]) {
      assert.deepEqual(await idsOf(by), shown);
      assert.deepEqual(await eventsOf(by), ['by email', 'by name', 'merge', 'both']);
    }
    const merge = (await exportOne(server, { cookie: 'mc 1' })).events[2]?.properties;
    assert.deepEqual(Object.keys(merge ?? {}), ['source_ids', 'destination_ids']);
  });

  test('hard ids that contradict one another: the first type decides, no hard id is stolen, soft ids are', async () => {
    await event({ registered: 'k 1', email_id: 'k@1', google_analytics: 'kg 1' }, 'one');
    await event({ registered: 'k 2', email_id: 'k@2', google_analytics: 'kg 2', cookie: 'kc 2' }, 'two');
    // The order in which a caller writes them means nothing.
    await event({ google_analytics: 'kg 2', email_id: 'k@2', registered: 'k 1' }, 'clash');
    assert.deepEqual(await eventsOf({ registered: 'k 1' }), ['one', 'clash']);
    assert.deepEqual(await eventsOf({ email_id: 'k@2' }), ['two']);
    assert.deepEqual(await idsOf({ registered: 'k 1' }), {
      registered: 'k 1',
      email_id: 'k@1',
      cookie: [],
      google_analytics: ['kg 1', 'kg 2'],
    });
    assert.deepEqual(await idsOf({ registered: 'k 2' }), {
      registered: 'k 2',
      email_id: 'k@2',
      cookie: ['kc 2'],
      google_analytics: [],
    });
    // A read means whom a write would mean.
    assert.deepEqual(await eventsOf({ email_id: 'k@2', registered: 'k 1' }), ['one', 'clash']);
  });

  test('a second value of a hard type is given to nobody', async () => {
    await event({ registered: 's 1', email_id: 's@1' }, 'one');
    await event({ registered: 's 1', email_id: 's@2' }, 'two');
    assert.deepEqual(await eventsOf({ email_id: 's@1' }), ['one', 'two']);
    assert.equal(await isKnown({ email_id: 's@2' }), false);
    // Of the first type it is the name of somebody new.
    await event({ registered: 's 3', email_id: 's@1' }, 'three');
    assert.deepEqual(await idsOf({ registered: 's 3' }), {
      registered: 's 3',
      cookie: [],
      google_analytics: [],
    });
    assert.deepEqual(await eventsOf({ email_id: 's@1' }), ['one', 'two']);
  });

  test('64 values of each soft type, and the one not used for longest of that type goes', async () => {
    const many = Array.from({ length: 64 }, (_, n) => `l ${n}`);
    await event({ registered: 'l', cookie: many }, 'a');
    await event({ registered: 'l', google_analytics: many }, 'a');
    await event({ google_analytics: 'l 0' }, 'a');
    await event({ registered: 'l', google_analytics: 'new', cookie: 'new' }, 'a');
    const shown = await idsOf({ registered: 'l' });
    assert.deepEqual(shown['cookie'], [...many.slice(1), 'new']);
    assert.deepEqual(shown['google_analytics'], [...many.slice(2), 'l 0', 'new']);
    assert.equal(await isKnown({ cookie: 'l 0' }), false);
    assert.equal(await isKnown({ google_analytics: 'l 1' }), false);
  });

  test('a user of an app is the customer of the first hard type', async () => {
    await leanplum(server, { action: 'start', userId: 'app 1', deviceId: 'phone 1' });
    await event({ email_id: 'app@1' }, 'mail');
    await event({ registered: 'app 1', email_id: 'app@1' }, 'login');
    const { userId, devices, events } = await exportUser(server, { deviceId: 'phone 1' });
    assert.deepEqual([userId, devices], ['app 1', [{ deviceId: 'phone 1' }]]);
    assert.deepEqual(Object.keys(events ?? {}).sort(), ['login', 'mail', 'merge']);
    assert.deepEqual(await idsOf({ email_id: 'app@1' }), {
      registered: 'app 1',
      email_id: 'app@1',
      cookie: [],
      google_analytics: [],
    });
  });
});

describe('every other way in', () => {
  test('link-ids, older clients, clicks and the names of the Data Hub', async () => {
    const { projectToken } = demoProject.bloomreach;
    await write('/webxp/projects/{token}/cookies/w-1/link-ids', { external_ids: { email_id: 'w@1' } });
    await write('/crm/customers', {
      project_id: projectToken,
      ids: { email_id: 'w@1', google_analytics: 'w 2' },
    });
    const crm = { project_id: projectToken, customer_ids: { google_analytics: 'w 2' }, type: 'crm' };
    await write('/bulk', { commands: [{ name: 'crm/events', data: crm }] });
    await write(`${track}/campaigns/clicks`, { customer_ids: { email_id: 'w@1' }, url: 'https://a.test' });
    const hub = { customer_ids: { email_id: 'w@1', google_analytics: 'w 3' }, event_type: 'hub' };
    await write('/track/u/v1/customers/events?stream_id={token}', hub);
    const shown = { email_id: 'w@1', cookie: ['w-1'], google_analytics: ['w 2', 'w 3'] };
    assert.deepEqual(await idsOf({ cookie: 'w-1' }), shown);
    assert.deepEqual(await eventsOf({ cookie: 'w-1' }), ['crm', 'campaign', 'hub']);
  });

  test('a customer token names somebody by a declared type', async () => {
    const [{ id, secret }] = demoProject.bloomreach.privateKeys;
    const fetchInbox = async (claims: object) => {
      const jwt = await new SignJWT({ ids: claims })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: id })
        .setExpirationTime('1h')
        .sign(Buffer.from(secret));
      const path = '/webxp/projects/{token}/appinbox/fetch';
      return (await bloomreach(server, path, {}, { auth: `Bearer ${jwt}` })).status;
    };
    assert.equal(await fetchInbox({ email_id: 'a@b.c' }), 200);
    assert.equal(await fetchInbox({ other: 'a@b.c' }), 401);
  });

  test('the operator finds a customer by any of his ids, and by their types', async () => {
    await event({ email_id: 'p@1', google_analytics: 'p@1 too' }, 'a');
    await event({ registered: 'p@1' }, 'another one');
    const show = (...args: string[]) =>
      rapport(['profile', 'show', ...args, '--project', 'Demo', '--data', server.dataFolder]);
    for (const kind of ['email_id', 'hard:email_id']) {
      const { stdout } = await show('p@1', '--kind', kind);
      assert.match(stdout, /^hard:email_id +p@1$/m);
      assert.match(stdout, /^soft:google_analytics +p@1 too$/m);
    }
    assert.match((await show('p@1 too')).stdout, /^hard:email_id +p@1$/m);
    for (const kind of ['registered', 'user']) {
      assert.match((await show('p@1', '--kind', kind)).stdout, /^user +p@1$/m);
    }
    const several = await show('p@1');
    assert.match(several.stderr, /'p@1' is the id of several users: say of which kind it is/);
    const unknown = await show('p@1', '--kind', 'other');
    assert.deepEqual([unknown.code, unknown.stdout], [1, '']);
    assert.match(unknown.stderr, /The project has no id type 'other'/);
  });

  test('anonymizing takes the ids of all types', async () => {
    const all = { registered: 'anon', email_id: 'anon@', cookie: 'anon c', google_analytics: 'anon g' };
    for (const path of ['anonymize', 'anonymize_bulk']) {
      await event(all, `did ${path}`);
      const customer_ids = { email_id: 'anon@' };
      const body = path === 'anonymize' ? { customer_ids } : { customers: [{ customer_ids }] };
      await write(`${data}/customers/${path}`, body);
      for (const [type, id] of Object.entries(all)) assert.equal(await isKnown({ [type]: id }), false, type);
      const query = `SELECT user_id, len(cookie_ids), other_ids FROM profiles WHERE event_counts->>'did ${path}' = '1'`;
      const { body: found } = await admin<{ rows: unknown[] }>(server.dataFolder, 'POST', '/sql', { query });
      assert.deepEqual(found.rows, [[null, 1, '{}']]);
    }
  });
});

test('a project that declares nothing has its two types', async () => {
  const of = (path: string) => path.replace('{token}', plain.bloomreach.projectToken);
  const alone = { customer_ids: { email_id: 'a@1' }, event_type: 'a' };
  const answer = await bloomreach(server, of(`${track}/customers/events`), alone);
  assert.deepEqual([answer.status, answer.body], [400, noValidIds]);
  await event({ registered: 'b 1', email_id: 'b@1' }, 'theirs');
  const customer_ids = { email_id: 'b@1', google_analytics: 'g 1', registered: 'b 1', cookie: 'c' };
  await write(of(`${track}/customers/events`), { customer_ids, event_type: 'ours' });
  const { body } = await bloomreach(server, of(`${data}/customers/export-one`), { customer_ids });
  assert.deepEqual(body.ids, { registered: 'b 1', cookie: ['c'] });
});

describe('declaring', () => {
  const settings = async (...options: string[]) => {
    const args = ['projects', 'settings', 'Demo', ...options, '--data', server.dataFolder];
    const { code, stdout, stderr } = await rapport(args);
    const [hard, soft] = ['hard', 'soft'].map((it) => new RegExp(`^${it} ids +(.*)$`, 'm').exec(stdout)?.[1]);
    return code === 0 ? [hard, soft] : stderr.trim();
  };
  const byFile = ['registered, email_id', 'cookie, google_analytics'];

  test('by the tool, from the next request on; what is taken away is hidden, and comes back', async () => {
    assert.deepEqual(await settings(), byFile);
    assert.deepEqual(await settings('--soft-id', 'fb', '--hard-id', 'crm'), [
      'registered, email_id, crm',
      'cookie, google_analytics, fb',
    ]);
    await event({ email_id: 'd@1', crm: 7, fb: 'f', cookie: 'd 1' }, 'a');
    assert.deepEqual(await idsOf({ fb: 'f' }), {
      email_id: 'd@1',
      crm: '7',
      cookie: ['d 1'],
      google_analytics: [],
      fb: ['f'],
    });
    assert.deepEqual(await settings('--drop-id', 'crm', '--drop-id', 'fb'), byFile);
    const hidden = { email_id: 'd@1', cookie: ['d 1'], google_analytics: [] };
    await event({ email_id: 'd@1', crm: 8 }, 'b');
    assert.deepEqual(await idsOf({ email_id: 'd@1' }), hidden);
    const gone = { customer_ids: { crm: 7 } };
    assert.equal((await bloomreach(server, `${data}/customers/export-one`, gone)).status, 400);
    // Two whose hidden hard ids differ are still two.
    await settings('--hard-id', 'crm');
    await event({ crm: 9, cookie: 'd 2' }, 'c');
    await settings('--drop-id', 'crm');
    await event({ cookie: ['d 1', 'd 2'] }, 'd');
    assert.deepEqual(await eventsOf({ email_id: 'd@1' }), ['a', 'b', 'd']);
    assert.deepEqual(await settings('--hard-id', 'crm'), ['registered, email_id, crm', byFile[1]]);
    assert.deepEqual((await idsOf({ email_id: 'd@1' }))['crm'], '7');
    assert.deepEqual(await idsOf({ crm: 9 }), { crm: '9', cookie: [], google_analytics: [] });
  });

  const refused: readonly (readonly [options: string[], message: string])[] = [
    [['--drop-id', 'registered'], "Somebody has an id of type 'registered': it stays the first hard id type"],
    [
      ['--drop-id', 'registered', '--hard-id', 'registered'],
      "Somebody has an id of type 'registered': it stays the first hard id type",
    ],
    [
      ['--drop-id', 'google_analytics', '--hard-id', 'google_analytics'],
      "Somebody has a soft id of type 'google_analytics': it cannot be hard",
    ],
    [
      ['--drop-id', 'email_id', '--soft-id', 'email_id'],
      "Somebody has a hard id of type 'email_id': it cannot be soft",
    ],
    [['--drop-id', 'cookie'], "'cookie' must be one of the soft id types"],
    [['--soft-id', 'email_id'], "Id type 'email_id' is declared twice"],
    [
      ['--hard-id', 'no spaces'],
      "'no spaces' cannot name an id type: it has 1 to 64 letters, digits, - or _, a letter first",
    ],
    [
      Array.from({ length: 17 }, (_, n) => ['--soft-id', `s${n}`]).flat(),
      'At most 16 id types may be declared',
    ],
  ];
  for (const [options, message] of refused) {
    test(`${options.slice(0, 4).join(' ')}: ${message}`, async () => {
      await event({ registered: 'r', email_id: 'r@', google_analytics: 'r' }, 'a');
      const read = () => admin(server.dataFolder, 'GET', '/projects/Demo/settings');
      const was = await read();
      const answer = await settings(...options);
      assert.ok(typeof answer === 'string' && answer.includes(message), `${answer}`);
      assert.deepEqual(await read(), was, 'nothing has changed');
    });
  }

  test('a new project has any first type; then it stays', async () => {
    const run = async (...args: string[]) => {
      const { code, stderr } = await rapport([...args, '--data', server.dataFolder]);
      return code === 0 ? 'done' : stderr;
    };
    const token = '0c7d5c44-8a43-4f3c-9d0b-5f9c1f6f0a33';
    assert.equal(await run('projects', 'create', 'New', '--bloomreach-token', token), 'done');
    const change = ['projects', 'settings', 'New'];
    assert.equal(await run(...change, '--drop-id', 'registered', '--hard-id', 'customer'), 'done');
    // Callers of /crm need no key.
    await write('/crm/customers', { project_id: token, ids: { customer: 'ann' } });
    const { body } = await admin<{ profile: { identities: object[] } }>(
      server.dataFolder,
      'GET',
      '/profile?project=New&id=ann&kind=customer',
    );
    assert.deepEqual(
      body.profile.identities.map((it) => ({ ...it, id: 0 })),
      [{ id: 0, kind: 'user', value: 'ann', away: false }],
    );
    assert.match(
      await run(...change, '--drop-id', 'customer', '--hard-id', 'registered'),
      /Somebody has an id of type 'customer': it stays the first hard id type/,
    );
  });

  test('by the admin API: 400 for what is wrong, 409 for what somebody has', async () => {
    const patch = (given: unknown) =>
      admin(server.dataFolder, 'PATCH', '/projects/Demo/settings', { ids: given });
    await event({ registered: 'r', email_id: 'r@' }, 'a');
    assert.equal((await patch({ hard: ['registered'] })).status, 400);
    assert.equal((await patch({ hard: [], soft: ['cookie'] })).status, 400);
    const other = await patch({ hard: ['email_id', 'registered'], soft: ['cookie'] });
    assert.deepEqual(
      [other.status, other.body['error']],
      [
        409,
        {
          code: 'conflict',
          message: "Somebody has an id of type 'registered': it stays the first hard id type",
        },
      ],
    );
  });
});

for (const ends of ['stop', 'kill'] as const) {
  test(`after a ${ends} and a start all is as it was, whatever the file declares now`, async () => {
    await using first = await startServer({ bootstrap: { projects: [wide] } });
    await event({ email_id: 'a@', google_analytics: 'g' }, 'one', first);
    await event({ registered: 'ann', cookie: 'c' }, 'two', first);
    await event({ registered: 'ann', email_id: 'a@' }, 'three', first);
    await first[ends]();
    const { dataFolder } = first;
    const shown = { registered: 'ann', email_id: 'a@', cookie: ['c'], google_analytics: ['g'] };
    {
      await using second = await startServer({ dataFolder, bootstrap: { projects: [demoProject] } });
      assert.deepEqual(await idsOf({ google_analytics: 'g' }, second), shown, 'what is left out stays');
    }
    const declare = (given: object) => ({
      projects: [{ ...demoProject, bloomreach: { ...demoProject.bloomreach, ids: given } }],
    });
    const bootstrap = declare({ hard: ['registered'], soft: ['cookie', 'fb'] });
    await using third = await startServer({ dataFolder, bootstrap });
    assert.deepEqual(await idsOf({ cookie: 'c' }, third), { registered: 'ann', cookie: ['c'], fb: [] });
    await third[ends]();
    for (const [wrong, message] of [
      [
        { hard: ['email_id'], soft: ['cookie'] },
        "Somebody has an id of type 'registered': it stays the first",
      ],
      [{ hard: ['registered'], soft: ['email_id', 'cookie'] }, "Somebody has a hard id of type 'email_id'"],
      [{ hard: ['registered'], soft: [] }, "'cookie' must be one of the soft id types"],
    ] as const) {
      await assert.rejects(startServer({ dataFolder, bootstrap: declare(wrong) }), (error) => {
        assert.ok(error instanceof ServerDidNotStart);
        assert.ok(error.output.includes(`Rapport cannot start: Project 'Demo': ${message}`), error.output);
        return true;
      });
    }
    await using last = await startServer({ dataFolder, bootstrap: { projects: [wide] } });
    assert.deepEqual(await idsOf({ email_id: 'a@' }, last), shown, 'what was hidden is there');
  });
}
