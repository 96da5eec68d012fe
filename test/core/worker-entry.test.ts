import { expect, test } from 'vitest';
import { workerUrl } from '../../src/core/worker-entry.ts';

test('beside JavaScript the worker is JavaScript and needs nothing', () => {
  const entry = workerUrl('toolchain-worker', 'file:///app/dist/rego/toolchain.js');
  expect(entry.url.href).toBe('file:///app/dist/rego/toolchain-worker.js');
  expect(entry.execArgv).toEqual([]);
});

test('beside TypeScript the worker is TypeScript and brings its loader', () => {
  const entry = workerUrl('worker', import.meta.url);
  expect(entry.url.href).toBe(new URL('worker.ts', import.meta.url).href);
  expect(entry.execArgv[0]).toBe('--import');
  expect(decodeURIComponent(entry.execArgv[1] ?? '')).toContain('tsx');
});
