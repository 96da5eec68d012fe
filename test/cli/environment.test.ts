import { expect, test } from 'vitest';
import { withUsualPath } from '../../src/cli/environment.ts';

const NODE = { platform: 'linux', execPath: '/opt/node/bin/node' } as const;

test.each([
  [
    'what a shell has comes first',
    { PATH: '/home/maya/.nvm/bin:/usr/bin' },
    /^\/home\/maya\/\.nvm\/bin:\/usr\/bin:\/opt\/node\/bin:/,
  ],
  ['without PATH the programs of the machine are found', {}, /^\/opt\/node\/bin:.*\/usr\/bin:\/bin$/],
  ['an empty folder, which would be the working folder, is none', { PATH: ':' }, /^\/opt\/node\/bin:/],
])('%s', (_, variables, expected) => {
  const { PATH = '' } = withUsualPath(variables, NODE);
  expect(PATH).toMatch(expected);
  expect(PATH.split(':')).not.toContain('');
});

test('the other variables stay, and PATH has one name whatever its case on Windows', () => {
  const variables = withUsualPath({ Path: 'C:\\a', HOME: '/h' }, { ...NODE, platform: 'win32' });
  expect(Object.keys(variables)).toEqual(['Path', 'HOME']);
  expect(variables['Path']).toContain('C');
});
