import { defineConfig } from 'vitest/config';
import { COMPILING, EVERY_CLIENT, HOSTILE } from './test/groups.ts';

export default defineConfig({
  // On two cores vitest would use one of them.
  test: {
    maxWorkers: 2,
    // Files share what they import: that halves the time. So a test leaves nothing behind in a module or in the process.
    isolate: false,
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/build-once.ts'],
    exclude: [
      'test/{browser,toolchain,long,faults,postgres,replicas,interop,conformance,services,install,telemetry/real,docs/run}/**',
      ...COMPILING,
      ...EVERY_CLIENT,
      ...HOSTILE,
      '**/node_modules/**',
    ],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
