import { defineConfig } from 'vitest/config';
import { HOSTILE } from './test/groups.ts';

/** Real faults against the real program, and hostile input of every kind: `npm run test:faults` installs what makes them. */
export default defineConfig({
  test: {
    // More than there are cores: these tests wait as much as they compute.
    maxWorkers: 3,
    include: ['test/faults/**/*.test.ts', ...HOSTILE],
    globalSetup: ['test/build-once.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
