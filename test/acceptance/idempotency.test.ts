/** Writes with an `Idempotency-Key`: a repeat gets the first answer and changes nothing, also after a restart. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { demoProject } from '../support/demo-project.ts';
import { leanplum } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { countsOf, form, send } from './wire.ts';

const other = {
  name: 'Other',
  leanplum: { appId: 'app_other', keys: { production: 'prod_other', dataExport: 'exp_other' } },
  bloomreach: {
    projectToken: '22222222-3333-4444-8555-666666666666',
    publicTokens: ['other-public'],
    privateKeys: [],
  },
};
const bootstrap = { projects: [demoProject, other] };

/** The first server keeps the folders until the end; `server` is the one that runs now. */
let first: Server;
let server: Server;
before(async () => {
  first = await startServer({ bootstrap });
  server = first;
});
after(async () => {
  if (server !== first) await server[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
});

type Json = Record<string, unknown>;
/** One write: where it goes, and its body without what names the project. */
interface Write {
  readonly path: string;
  readonly body: Json;
}

const track = (userId: string, more: Json = {}): Write => ({
  path: '/api',
  body: { action: 'track', userId, event: 'e', ...more },
});
const event = (registered: string): Json => ({ customer_ids: { registered }, event_type: 'e' });
const failing = { name: 'customers/events', data: { customer_ids: {} } };

/** Everything that writes, each for a user of its own; it counts one event `e`, where it counts at all. */
const writes: Record<string, (user: string) => Write> = {
  track: (user) => track(user),
  start: (user) => ({ path: '/api', body: { action: 'start', userId: user } }),
  setUserAttributes: (user) => ({
    path: '/api',
    body: { action: 'setUserAttributes', userId: user, userAttributes: { a: 1 } },
  }),
  multi: (user) => ({
    path: '/api',
    body: {
      action: 'multi',
      time: 1_600_000_000,
      data: [track(user).body, { action: 'none' }, { action: 'start', userId: user }],
    },
  }),
  customers: (user) => ({
    path: '/track/v2/projects/{token}/customers',
    body: { customer_ids: { registered: user }, properties: { a: 1 } },
  }),
  'customers/events': (user) => ({ path: '/track/v2/projects/{token}/customers/events', body: event(user) }),
  batch: (user) => ({
    path: '/track/v2/projects/{token}/batch',
    body: { commands: [{ name: 'system/time' }, failing, { name: 'customers/events', data: event(user) }] },
  }),
};
const countedBy = (name: string): Record<string, number> =>
  ['track', 'multi', 'customers/events', 'batch'].includes(name) ? { e: 1 } : {};

function post(
  { path, body }: Write,
  key: string | undefined,
  project: typeof demoProject | typeof other = demoProject,
) {
  const { appId, keys } = project.leanplum;
  const { projectToken, publicTokens } = project.bloomreach;
  const keyed = path === '/api' ? { appId, clientKey: keys.production, ...body } : body;
  return send<Json>(server, path.replace('{token}', projectToken), {
    headers: {
      'content-type': 'application/json',
      authorization: `Token ${publicTokens[0]}`,
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    body: JSON.stringify(keyed),
  });
}

/** The text of a refusal in whichever envelope. */
function refusalOf(body: Json): unknown {
  const element = (body['response'] as { success: boolean; error?: { message: string } }[] | undefined)?.[0];
  if (element !== undefined) return element.success ? undefined : element.error?.message;
  if (body['success'] === true) return undefined;
  return body['message'] ?? (body['errors'] as string[] | undefined)?.[0];
}

const reused = 'Idempotency-Key was already used with a different request';

for (const [name, write] of Object.entries(writes)) {
  describe(name, () => {
    test('a repeat gets the first answer, byte for byte, and changes nothing', async () => {
      const user = `repeat ${name}`;
      const answers = [];
      for (let round = 0; round < 3; round++) answers.push(await post(write(user), 'a key'));
      for (const { status, text } of answers) {
        assert.equal(status, 200);
        assert.equal(text, answers[0]?.text);
      }
      assert.deepEqual(await countsOf(server, user), countedBy(name));
    });

    test('with another body it is refused and not applied', async () => {
      const refused = await post(write(`another body ${name}`), 'a key');
      assert.equal(refused.status, 422);
      assert.equal(refusalOf(refused.body), reused);
      assert.deepEqual(await countsOf(server, `another body ${name}`), {});
    });

    test('sent over several connections at once it is applied once', async () => {
      const user = `at once ${name}`;
      const sent = Array.from({ length: 12 }, () => post(write(user), 'at once'));
      const texts = new Set((await Promise.all(sent)).map(({ status, text }) => `${status} ${text}`));
      assert.equal(texts.size, 1, [...texts].join('\n'));
      assert.match([...texts][0] ?? '', /^200 /);
      assert.deepEqual(await countsOf(server, user), countedBy(name));
    });

    test('without a key every request is one', async () => {
      const user = `no key ${name}`;
      await post(write(user), undefined);
      await post(write(user), undefined);
      const twice = Object.fromEntries(Object.keys(countedBy(name)).map((it) => [it, 2]));
      assert.deepEqual(await countsOf(server, user), twice);
    });

    for (const [what, key] of [
      ['too long', 'k'.repeat(256)],
      ['empty', ''],
    ] as const) {
      test(`a key that is ${what} is refused`, async () => {
        const refused = await post(write(`bad key ${name}`), key);
        assert.equal(refused.status, 400);
        assert.equal(refusalOf(refused.body), 'Idempotency-Key must have 1 to 255 characters');
        assert.deepEqual(await countsOf(server, `bad key ${name}`), {});
      });
    }

    test('a key of 255 characters is taken', async () => {
      const answer = await post(write(`long key ${name}`), 'k'.repeat(255));
      assert.equal(answer.status, 200);
    });
  });
}

describe('a key belongs to its route and project', () => {
  test('every route has keys of its own', async () => {
    for (const [name, write] of Object.entries(writes)) {
      const answer = await post(write('all routes'), 'the same on every route');
      assert.equal(answer.status, 200, `${name}: ${answer.text}`);
    }
    // track, multi, customers/events and batch.
    assert.deepEqual(await countsOf(server, 'all routes'), { e: 4 });
  });

  test('a slash in the key does not make it the key of another route', async () => {
    const customers = await post(writes['customers']?.('slash') ?? assert.fail(), 'events/k');
    assert.equal(customers.status, 200);
    const events = await post(writes['customers/events']?.('slash') ?? assert.fail(), 'k');
    assert.equal(events.status, 200, events.text);
    assert.deepEqual(await countsOf(server, 'slash'), { e: 1 });
  });

  for (const [name, write] of Object.entries(writes)) {
    test(`the other project has its own: ${name}`, async () => {
      const user = `two projects ${name}`;
      const [mine, theirs] = [await post(write(user), 'shared'), await post(write(user), 'shared', other)];
      assert.equal(mine.status, 200);
      assert.equal(theirs.status, 200, theirs.text);
      assert.deepEqual(await countsOf(server, user), countedBy(name));
      const { appId, keys } = other.leanplum;
      const query = form({ appId, clientKey: keys.dataExport, action: 'exportUser', userId: user });
      const read = await send<{ response: { events?: Record<string, { count: number }> }[] }>(
        server,
        `/api?${query}`,
      );
      const events = read.body.response[0]?.events ?? assert.fail(read.text);
      assert.deepEqual(
        Object.entries(events).map(([it, { count }]) => [it, count]),
        Object.entries(countedBy(name)),
      );
    });
  }

  test('letter case makes another key', async () => {
    await post(track('case'), 'Case');
    await post(track('case'), 'case');
    assert.deepEqual(await countsOf(server, 'case'), { e: 2 });
  });
});

test('what is refused as a whole does not use up its key', async () => {
  const bad = await post({ path: '/track/v2/projects/{token}/batch', body: { commands: [] } }, 'second try');
  assert.equal(bad.status, 400);
  const good = await post(writes['batch']?.('second try') ?? assert.fail(), 'second try');
  assert.equal(good.status, 200);
  const badTrack = await post(
    { path: '/api', body: { action: 'track', userId: 'second try' } },
    'second try',
  );
  assert.equal(badTrack.status, 400);
  assert.equal((await post(track('second try'), 'second try')).status, 200);
  assert.deepEqual(await countsOf(server, 'second try'), { e: 2 });
});

test('a failure inside a batch is repeated as it was, although it would succeed now', async () => {
  const never = { action: 'track', userId: 'came later', event: 'e', createDisposition: 'CreateNever' };
  const batch = { path: '/api', body: { action: 'multi', data: [never, track('beside').body] } };
  const answer = await post(batch, 'failed inside');
  const skipped = { success: true, warning: { message: 'User not found; request skipped.' } };
  assert.deepEqual(answer.body, { response: [skipped, { success: true, isOffline: true }] });
  await post(track('came later'), undefined);
  assert.equal((await post(batch, 'failed inside')).text, answer.text);
  assert.deepEqual(await countsOf(server, 'came later'), { e: 1 });
  assert.deepEqual(await countsOf(server, 'beside'), { e: 1 });
});

test('GET is a write as well', async () => {
  const { appId, keys } = demoProject.leanplum;
  const query = (eventName: string) =>
    form({ appId, clientKey: keys.production, action: 'track', userId: 'getter', event: eventName });
  const get = (eventName: string) =>
    send(server, `/api?${query(eventName)}`, { headers: { 'idempotency-key': 'got' } });
  const [one, two] = [await get('e'), await get('e')];
  assert.equal(one.text, '{"response":[{"success":true,"isOffline":true}]}');
  assert.equal(two.text, one.text);
  assert.equal((await get('other')).status, 422);
  assert.deepEqual(await countsOf(server, 'getter'), { e: 1 });
});

describe('after a restart', () => {
  const sdk = {
    action: 'multi',
    sdkVersion: '6.0.0',
    data: [{ action: 'track', userId: 'sdk', deviceId: 'phone', event: 'e', uuid: 'u1', reqId: 'r1' }],
  };
  const given = new Map<string, string>();
  before(async () => {
    for (const [name, write] of Object.entries(writes)) {
      given.set(name, (await post(write(`restart ${name}`), 'restart')).text);
    }
    assert.equal((await leanplum(server, sdk)).status, 200);
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    server = await startServer({ bootstrap, dataFolder: first.dataFolder });
  });

  for (const [name, write] of Object.entries(writes)) {
    test(`${name} is still recognised`, async () => {
      const repeat = await post(write(`restart ${name}`), 'restart');
      assert.equal(repeat.text, given.get(name));
      assert.equal((await post(write(`other ${name}`), 'restart')).status, 422);
      assert.deepEqual(await countsOf(server, `restart ${name}`), countedBy(name));
    });
  }

  test("an SDK's repeat is still recognised", async () => {
    assert.deepEqual((await leanplum(server, sdk)).body.response, [{ success: true, reqId: 'r1' }]);
    assert.deepEqual(await countsOf(server, 'sdk'), { e: 1 });
  });
});
