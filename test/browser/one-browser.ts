import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the browser that all files share is reached. */
    browser: string;
  }
}

/** Debian's, or the one that is named. */
const EXECUTABLES = [process.env['CHROMIUM'] ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser'];

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the browser once, with an empty folder of its own; ends it after the last file. */
export default async function startBrowser(project: TestProject): Promise<() => Promise<void>> {
  const executablePath = EXECUTABLES.find((path) => path !== '' && existsSync(path));
  if (executablePath === undefined) throw new Error('There is no chromium: sh test/browser/install.sh');
  const server = await chromium.launchServer({ executablePath, args: FLAGS, headless: true });
  project.provide('browser', server.wsEndpoint());
  return async () => await server.close();
}
