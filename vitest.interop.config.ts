import { defineConfig } from 'vitest/config';
import { EVERY_CLIENT } from './test/groups.ts';

/**
 * The inspector, which needs a newer Node than the gateway (`npm run test:interop` installs both), and every client before
 * every server.
 */
export default defineConfig({
  test: {
    maxWorkers: 2,
    include: ['test/interop/*.test.ts', ...EVERY_CLIENT],
    globalSetup: ['test/build-once.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
