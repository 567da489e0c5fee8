import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium } from 'playwright-core';

/** Debian's package `chromium`; a browser that a package would download is not the one that is tested with. */
const executablePath = '/usr/bin/chromium';

/** Why no browser can be opened here, as the reason to skip a test; nothing when one can. */
export function browserRefusal(): string | undefined {
  return existsSync(executablePath) ? undefined : `the package chromium is not installed (${executablePath})`;
}

/** A browser without a window, that asks nobody but the pages it is sent to. */
export function openBrowser(): Promise<Browser> {
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ];
  return chromium.launch({ executablePath, args, headless: true });
}

/** A web site of one page that loads a script of an installed package; its port is not the server's. */
export async function serveScript(script: string): Promise<{ readonly url: string } & AsyncDisposable> {
  const content = readFileSync(createRequire(import.meta.url).resolve(script));
  const site = createServer(({ url }, answer) => {
    if (url === '/script.js') answer.setHeader('content-type', 'text/javascript').end(content);
    else
      answer.setHeader('content-type', 'text/html').end('<!doctype html><script src="/script.js"></script>');
  });
  await new Promise<void>((done) => site.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(site.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      site.closeAllConnections();
      await new Promise((done) => site.close(done));
    },
  };
}
