import { defineConfig } from 'vitest/config';

/** The pages of the dashboard in Chromium. One browser for all files: starting it takes longer than most of them. */
export default defineConfig({
  test: {
    maxWorkers: 1,
    isolate: false,
    include: ['test/browser/**/*.test.ts'],
    globalSetup: ['test/build-once.ts', 'test/browser/one-browser.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
