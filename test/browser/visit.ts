import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, inject } from 'vitest';
import { type FakeServer, startFakeServer } from './fake-server.ts';

export interface Visit {
  readonly page: Page;
  /** What the browser complained of: faults of the script, and what the content security policy refused. */
  readonly complaints: string[];
}

/** For the tests of one file: the fake server, and pages of the one browser. */
export function visits(): {
  readonly server: () => FakeServer;
  readonly open: (hash: string, options?: BrowserContextOptions) => Promise<Visit>;
} {
  let browser: Browser | undefined;
  let server: FakeServer | undefined;
  beforeAll(async () => {
    [browser, server] = await Promise.all([chromium.connect(inject('browser')), startFakeServer()]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });
  const running = (): FakeServer => {
    if (server === undefined) throw new Error('the server has not been started');
    return server;
  };
  const open = async (hash: string, options: BrowserContextOptions = {}): Promise<Visit> => {
    const context = await browser?.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context?.newPage();
    if (page === undefined) throw new Error('the browser has not been started');
    const complaints: string[] = [];
    page.setDefaultTimeout(15_000);
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('request', (request) => {
      if (!request.url().startsWith(running().url)) complaints.push(`asks ${request.url()}`);
    });
    await page.goto(`${running().url}/${hash}`);
    return { page, complaints };
  };
  return { server: running, open };
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds on a page, each as its rule and where. */
export async function accessibilityProblems(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE);
  return await page.evaluate<string[]>(
    'axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`)))',
  );
}
