import { defineConfig } from 'vitest/config';

/**
 * The inspector, which needs a newer Node than the gateway (`npm run test:interop` installs both), every client before
 * every server, and the README's walks.
 */
export default defineConfig({
  test: {
    maxWorkers: 2,
    include: [
      'test/interop/*.test.ts',
      'test/e2e/{pairings,checklist,interoperation,lossless,sign-in,tasks,server-units,walk-*}.test.ts',
    ],
    globalSetup: ['test/build-once.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
