import { defineConfig } from 'vitest/config';

/** What needs Go: `npm run test:toolchain`. */
export default defineConfig({
  test: { include: ['test/toolchain/**/*.test.ts'], testTimeout: 900_000, hookTimeout: 900_000 },
});
