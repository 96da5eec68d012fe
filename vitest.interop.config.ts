import { defineConfig } from 'vitest/config';

/**
 * The inspector, which needs a newer Node than the gateway (`npm run test:interop` installs both), and every client before
 * every server.
 */
export default defineConfig({
  test: {
    maxWorkers: 2,
    include: [
      'test/interop/*.test.ts',
      'test/e2e/{pairings,checklist,interoperation,lossless,sign-in,tasks,server-units}.test.ts',
    ],
    globalSetup: ['test/build-once.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
