/** The vendor's browser SDK, unmodified, in a real browser on a page of another port: what the page did is what is stored. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type LeanplumSdk from 'leanplum-sdk';
import type { Browser, BrowserContext, Page, Response } from 'playwright-core';
import { browserRefusal, openBrowser, serveScript } from '../support/browser.ts';
import { demoProject } from '../support/demo-project.ts';
import type { LeanplumBody } from '../support/requests.ts';
import { type Server, startServer } from '../support/server.ts';
import { type ExportedUser, exportUser, isNear, nowSec } from './wire.ts';

/** On the page: what is handed to `evaluate` runs there. */
declare const Leanplum: typeof LeanplumSdk.default;

const { appId, keys } = demoProject.leanplum;
const skip = browserRefusal() ?? false;
let server: Server;
let site: Awaited<ReturnType<typeof serveScript>>;
let browser: Browser;

before(async () => {
  if (skip) return;
  server = await startServer();
  site = await serveScript('leanplum-sdk/dist/leanplum.min.js');
  browser = await openBrowser();
});
after(async () => {
  if (skip) return;
  await browser.close();
  await site[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

// --- A visitor ------------------------------------------------------------------------------------------------------

/** A browser that nobody has used before, so a device of its own, and what its page says to the server. */
class Visitor {
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly #answers: Promise<LeanplumBody>[] = [];

  constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.on('response', (response) => {
      if (!isApi(response)) return;
      const answer: Promise<LeanplumBody> = response.json();
      // Of a page that was left meanwhile there is no body to be had; whoever asks is told.
      answer.catch(() => undefined);
      this.#answers.push(answer);
    });
  }

  /** Opens the page, or opens it again as one does with a reload: what the SDK has stored is still there. */
  async open(cooldownSec: number): Promise<void> {
    await this.page.goto(site.url);
    await this.page.evaluate(
      ([apiPath, app, key, cooldown]) => {
        Leanplum.setApiPath(apiPath);
        Leanplum.setAppIdForProductionMode(app, key);
        Leanplum.setRequestBatching(true, cooldown);
        Leanplum.setAppVersion('1.2.3');
      },
      [`${server.url}/api`, appId, keys.production, cooldownSec] as const,
    );
  }

  start(attributes: Record<string, unknown> = {}): Promise<boolean> {
    return this.page.evaluate(
      (given) => new Promise<boolean>((done) => Leanplum.start(given as never, done)),
      attributes,
    );
  }

  /** Does something on the page and waits until the server has answered the call that names `mark`. */
  async until(mark: string, act: () => void): Promise<void> {
    const answer = this.page.waitForResponse(
      (it) => isApi(it) && (it.request().postData() ?? '').includes(mark),
    );
    await this.page.evaluate(act);
    assert.equal((await answer).status(), 200);
    await (await answer).finished();
  }

  /** The elements of every answer so far. */
  async elements(): Promise<LeanplumBody['response']> {
    return (await Promise.all(this.#answers)).flatMap(({ response }) => response);
  }

  deviceId(): Promise<string> {
    return this.page.evaluate(() => String(localStorage.getItem('__leanplum_device_id')));
  }

  setOffline(offline: boolean): Promise<void> {
    return this.#context.setOffline(offline);
  }
}

async function newVisitor(): Promise<Visitor> {
  const context = await browser.newContext();
  return new Visitor(context, await context.newPage());
}

function isApi(response: Response): boolean {
  return response.url().startsWith(`${server.url}/api`);
}

/** Counts and sums; the times are now. */
function shown(counters: ExportedUser['events'] | ExportedUser['states'] = {}): unknown {
  return Object.fromEntries(
    Object.entries(counters).map(([name, { firstTime, lastTime, ...rest }]) => {
      isNear(firstTime, nowSec(), 120);
      isNear(lastTime, nowSec(), 120);
      return [name, rest];
    }),
  );
}

// --- What it did ----------------------------------------------------------------------------------------------------

describe('the browser SDK on a page', { skip }, () => {
  let first: string;

  test('a visit: what an anonymous visitor did until he registered, and after', async () => {
    const visitor = await newVisitor();
    await visitor.open(0.2);
    assert.equal(await visitor.start({ plan: 'free', age: 31 }), true);
    first = await visitor.deviceId();
    await visitor.until('"track"', () => Leanplum.track('level done', 2.5, 'info', { level: 3 }));
    await visitor.until('checkout', () => {
      Leanplum.trackPurchase(9.99, undefined, { sku: 'A1' });
      Leanplum.track('level done');
      Leanplum.advanceTo('cart', 'info', { step: 1 });
      Leanplum.pauseState();
      Leanplum.resumeState();
      Leanplum.advanceTo('checkout');
    });
    await visitor.until('setUserAttributes', () => {
      Leanplum.setUserAttributes({ plan: 'gold', visits: 7, vip: true, list: ['a', 'б'], age: null });
    });
    await visitor.until('pauseSession', () => Leanplum.pauseSession());
    await visitor.until('resumeSession', () => Leanplum.resumeSession());
    const updated = await visitor.page.evaluate(
      () => new Promise<boolean>((done) => Leanplum.forceContentUpdate(done)),
    );
    assert.equal(updated, true);
    const inbox = await visitor.page.evaluate(
      () =>
        new Promise<number>((done) => {
          Leanplum.inbox().onChanged(() => done(Leanplum.inbox().count()));
          Leanplum.inbox().downloadMessages();
        }),
    );
    assert.equal(inbox, 0);
    await visitor.until('newUserId', () => Leanplum.setUserId('js-ann'));
    await visitor.until('registered', () => Leanplum.track('registered'));
    await visitor.until('"stop"', () => Leanplum.stop());

    const elements = await visitor.elements();
    assert.equal(elements.length, 16);
    for (const element of elements) {
      assert.equal(element.success, true, JSON.stringify(element));
      assert.equal(element.warning, undefined, JSON.stringify(element));
    }
    const user = await exportUser(server, { userId: 'js-ann' });
    assert.equal(user.userId, 'js-ann');
    assert.equal(user.totalSessions, 1);
    isNear(user.lastActive, nowSec());
    assert.deepEqual(user.userAttributes, { plan: 'gold', visits: 7, vip: 'True', list: ['a', 'б'] });
    assert.deepEqual(shown(user.events), {
      'level done': { count: 2, value: 2.5 },
      Purchase: { count: 1, value: 9.99 },
      registered: { count: 1, value: 0 },
    });
    assert.deepEqual(shown(user.states), { cart: { count: 1 }, checkout: { count: 1 } });
    assert.equal(user.devices?.length, 1);
    const { systemName, appVersion, browserName, deviceModel, deviceId } = { ...user.devices?.[0] } as Record<
      string,
      unknown
    >;
    assert.deepEqual(
      { systemName, appVersion, browserName, deviceModel, deviceId },
      {
        systemName: 'Linux',
        appVersion: '1.2.3',
        browserName: 'Chrome',
        deviceModel: 'Web Browser',
        deviceId: first,
      },
    );
  });

  test('a login in another browser: both visitors are one user', async () => {
    const visitor = await newVisitor();
    await visitor.open(0.2);
    assert.equal(await visitor.start({ plan: 'silver', city: 'Sofia' }), true);
    await visitor.until('"track"', () => Leanplum.track('level done', 1));
    const second = await visitor.deviceId();
    await visitor.until('newUserId', () => Leanplum.setUserId('js-ann'));
    await visitor.until('logged in', () => Leanplum.track('logged in'));
    await visitor.until('"stop"', () => Leanplum.stop());

    const user = await exportUser(server, { userId: 'js-ann' });
    assert.deepEqual(await exportUser(server, { deviceId: second }), user);
    assert.deepEqual(await exportUser(server, { deviceId: first }), user);
    assert.equal(user.totalSessions, 2);
    // The one set last wins.
    assert.deepEqual(user.userAttributes, {
      plan: 'silver',
      visits: 7,
      vip: 'True',
      list: ['a', 'б'],
      city: 'Sofia',
    });
    assert.deepEqual(shown(user.events), {
      'level done': { count: 3, value: 3.5 },
      Purchase: { count: 1, value: 9.99 },
      registered: { count: 1, value: 0 },
      'logged in': { count: 1, value: 0 },
    });
    assert.deepEqual(new Set(user.devices?.map(({ deviceId }) => deviceId)), new Set([first, second]));
  });

  test('the network fails: what waited is sent by the next page, what was on its way is gone', async () => {
    const visitor = await newVisitor();
    // So long that nothing is sent which does not have to be.
    await visitor.open(600);
    await visitor.setOffline(true);
    assert.equal(await visitor.start(), false);
    await visitor.setOffline(false);
    // A handler that comes after the first answer is told that one.
    await visitor.until('tries', () => Leanplum.start({ tries: 2 } as never));
    await visitor.until('at once', () => Leanplum.track('at once'));
    await visitor.setOffline(true);
    const updated = await visitor.page.evaluate(() => {
      Leanplum.track('lost on its way');
      return new Promise<boolean>((done) => Leanplum.forceContentUpdate(done));
    });
    assert.equal(updated, false);
    await visitor.page.evaluate(() => Leanplum.track('waited', 3));
    await visitor.setOffline(false);
    await visitor.open(600);
    assert.equal(await visitor.start({ tries: 3 }), true);

    const deviceId = await visitor.deviceId();
    const { userAttributes, events, totalSessions } = await exportUser(server, { deviceId });
    assert.deepEqual([userAttributes, totalSessions], [{ tries: 3 }, 2]);
    assert.deepEqual(shown(events), {
      'at once': { count: 1, value: 0 },
      waited: { count: 1, value: 3 },
    });
  });

  test('a second tab is another session of the same visitor', async () => {
    const visitor = await newVisitor();
    await visitor.open(0.2);
    assert.equal(await visitor.start(), true);
    await visitor.open(0.2);
    assert.equal(await visitor.start(), true);
    const deviceId = await visitor.deviceId();
    const { totalSessions, userId } = await exportUser(server, { deviceId });
    assert.deepEqual([totalSessions, userId], [2, deviceId]);
  });
});
