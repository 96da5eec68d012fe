import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { packageUrl } from '../../src/core/package-url.ts';

test('the package is found from the source', () => {
  expect(existsSync(packageUrl('rego/toolchain.json', import.meta.resolve('../../src/rego/toolchain.ts')))).toBe(true);
});

test('the package is found from the built program', () => {
  expect(packageUrl('rego/toolchain.json', 'file:///app/dist/serve-ABC.js').href).toBe(
    'file:///app/rego/toolchain.json',
  );
});
