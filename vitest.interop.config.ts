import { defineConfig } from 'vitest/config';
import { EVERY_CLIENT } from './test/groups.ts';

/**
 * The inspector, which needs a newer Node than the gateway (`npm run test:interop` installs both), every client before
 * every server, and the README's walks.
 */
export default defineConfig({
  test: {
    // More than there are cores: these tests wait as much as they compute.
    maxWorkers: 3,
    include: ['test/interop/*.test.ts', ...EVERY_CLIENT],
    globalSetup: ['test/build-once.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
