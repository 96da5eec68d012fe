import { defineConfig } from 'vitest/config';

export default defineConfig({
  // On two cores vitest would use one of them.
  test: {
    maxWorkers: 2,
    // Files share what they import: that halves the time. So a test leaves nothing behind in a module or in the process.
    isolate: false,
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/build-once.ts'],
    exclude: [
      'test/{toolchain,long,interop,conformance,services}/**',
      // OPA's compiler as a program of its own, with `npm run test:toolchain`; every old and new client before every old and
      // new server, packages that npm installs, and the README's walks, with `npm run test:interop`.
      'test/rego/**',
      'test/e2e/{pairings,checklist,interoperation,lossless,sign-in,tasks,server-units,walk-*}.test.ts',
      '**/node_modules/**',
    ],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
