import { defineConfig } from 'vitest/config';

/** The real program before a real collector and a real Prometheus: `npm run test:telemetry`, which installs both. */
export default defineConfig({
  test: {
    maxWorkers: 2,
    include: ['test/telemetry/real/**/*.test.ts'],
    globalSetup: ['test/build-once.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
