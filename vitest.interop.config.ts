import { defineConfig } from 'vitest/config';

/** The inspector, which needs a newer Node than the gateway: `npm run test:interop` installs both. */
export default defineConfig({
  test: {
    include: ['test/interop/*.test.ts'],
    globalSetup: ['test/build-once.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
