import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  freeName,
  secretInHeader,
  secretInVariable,
  secretNameFor,
  secretsInArguments,
  secretsInUrl,
  withReferences,
} from '../../src/core/plain-secrets.ts';
import { isSecretName } from '../../src/core/names.ts';

const KEY = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789';

describe('a variable', () => {
  it.each([
    ['GITHUB_TOKEN', 'anything-longer', true],
    ['WHATEVER', KEY, true],
    ['DB_PASSWORD', 'hunter2', true],
    ['DATABASE_URL', 'postgres://maya:hunter2@db/app', true],
    ['MAX_TOKENS', '4096', false],
    ['USE_AUTH', 'true', false],
    ['AUTH_URL', 'https://id.example.com/authorize', false],
    ['GOOGLE_APPLICATION_CREDENTIALS', '/home/maya/key.json', false],
    ['SSH_KEY', '~/.ssh/id_ed25519', false],
    ['API_KEY', '${API_KEY}', false],
    ['API_KEY', '', false],
    ['LOG_LEVEL', 'information', false],
  ])('%s=%s is a secret: %s', (name, value, expected) => {
    expect(secretInVariable(name, value).length > 0).toBe(expected);
  });
});

describe('a header', () => {
  it.each([
    ['Authorization', 'Bearer abcdefgh12', 'Bearer ${secret:s}'],
    ['X-Api-Key', 'abcdefgh12', '${secret:s}'],
    ['Authorization', 'Bearer ${TOKEN}', undefined],
    ['Accept', 'application/json', undefined],
  ])('%s: %s becomes %s', (name, value, expected) => {
    const parts = secretInHeader(name, value);
    expect(parts.length === 0 ? undefined : withReferences(value, parts, ['s'])).toBe(expected);
  });
});

test.each([
  [
    ['--api-key', 'abcdefgh12'],
    ['--api-key', '${secret:s}'],
  ],
  [['--api-key=abcdefgh12'], ['--api-key=${secret:s}']],
  [
    ['-e', 'API_KEY=abcdefgh12'],
    ['-e', 'API_KEY=${secret:s}'],
  ],
  [
    ['--header', 'Authorization: Bearer abcdefgh12'],
    ['--header', 'Authorization: Bearer ${secret:s}'],
  ],
  [['Authorization:Bearer abcdefgh12'], ['Authorization:Bearer ${secret:s}']],
  [['postgresql://maya:hunter2@db/app'], ['${secret:s}']],
  [[KEY], ['${secret:s}']],
  [
    ['-e', 'API_KEY', 'image'],
    ['-e', 'API_KEY', 'image'],
  ],
  [
    ['--key', '/etc/key.pem'],
    ['--key', '/etc/key.pem'],
  ],
  [
    ['--token', '--verbose'],
    ['--token', '--verbose'],
  ],
  [['https://example.com/tokens'], ['https://example.com/tokens']],
])('the arguments %j become %j', (args, expected) => {
  const found = secretsInArguments(args);
  expect(args.map((text, index) => withReferences(text, found[index] ?? [], ['s']))).toEqual(expected);
});

test.each([
  ['https://mcp.example.com/mcp?exaApiKey=abcdefgh12&x=1', 'https://mcp.example.com/mcp?exaApiKey=${secret:s}&x=1'],
  ['https://mcp.example.com/mcp?profile=maya', 'https://mcp.example.com/mcp?profile=maya'],
  ['https://maya:hunter2@mcp.example.com/', '${secret:s}'],
])('the address %s becomes %s', (url, expected) => {
  expect(withReferences(url, secretsInUrl(url), ['s'])).toBe(expected);
});

test('whatever a place is called, its secret has a name that is one', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,19}$/), fc.string(), (server, label) => {
      expect(isSecretName(secretNameFor(server, label))).toBe(true);
    }),
  );
});

test('a name that is taken gets the first number that is free, and no longer than it may be', () => {
  const taken = new Set(['a', 'a-2', 'b'.repeat(20)]);
  expect(freeName('a', (name) => taken.has(name))).toBe('a-3');
  expect(freeName('b'.repeat(20), (name) => taken.has(name), 20)).toBe(`${'b'.repeat(18)}-2`);
});
