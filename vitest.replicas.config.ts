import { defineConfig } from 'vitest/config';

/** Gateways that share a PostgreSQL, behind nginx; `npm run test:replicas` installs both. */
export default defineConfig({
  test: {
    // The conformance suite gives some answers half a second, so nothing else runs beside it.
    fileParallelism: false,
    include: ['test/replicas/*.test.ts'],
    globalSetup: ['test/build-once.ts', 'test/postgres/shared.ts'],
    testTimeout: 300_000,
    hookTimeout: 600_000,
  },
});
