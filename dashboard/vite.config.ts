import { defineConfig } from 'vite';

/** The pages become files of fixed kinds in dist/dashboard: nothing inline, nothing from elsewhere. */
export default defineConfig({
  root: import.meta.dirname,
  // Every address is relative, so that the pages work behind a proxy that serves them under a path.
  base: './',
  // Resolved as the automatic runtime of Preact; `h` is never written.
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/dashboard',
    emptyOutDir: true,
    target: 'es2023',
    // A picture inside a style sheet would be a `data:` address, which the content security policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  logLevel: 'warn',
});
