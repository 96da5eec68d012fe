import { chmodSync, readFileSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aShop, authorizerOf, filesIn, signedIn, theSignIns } from './sign-in-parts.ts';

test('tokens lie in a folder and in files that only their owner can read', async () => {
  const { governed } = await aShop();
  const { home } = await signedIn(governed);
  const [file = '', ...others] = filesIn(home);
  expect([others, statSync(join(home, 'tokens')).mode & 0o777, statSync(file).mode & 0o777]).toEqual([
    [],
    0o700,
    0o600,
  ]);
});

test.for([
  ['is open to others', (file: string) => chmodSync(file, 0o644)],
  [
    'is a link',
    (file: string) => {
      writeFileSync(`${file}.elsewhere`, readFileSync(file), { mode: 0o600 });
      unlinkSync(file);
      symlinkSync(`${file}.elsewhere`, file);
    },
  ],
  ['is no sign-in', (file: string) => writeFileSync(file, '{"version":1}')],
  ['is cut off', (file: string) => writeFileSync(file, '{')],
] as const)('a file that %s is not used, and said to the operator', async ([, spoil]) => {
  const { governed } = await aShop();
  const { home } = await signedIn(governed);
  spoil(filesIn(home)[0] ?? '');
  const { signIns, logger } = theSignIns(governed, { home });
  expect(await authorizerOf(signIns).headers()).toEqual({});
  expect(logger.lines.map(({ message }) => message)).toContain('a sign-in is not used');
});
