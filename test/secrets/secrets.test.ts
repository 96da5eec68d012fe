import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { GatewayError } from '../../src/core/errors.ts';
import type { Keychain } from '../../src/secrets/keychain.ts';
import { openSecrets, type Secrets } from '../../src/secrets/secrets.ts';

const VALUE = 'ghp_a-value-that-nobody-may-see';

function aHome(): string {
  const folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'home');
}

function opened(home: string, { passphrase, keychain }: { passphrase?: string; keychain?: Keychain } = {}): Secrets {
  return openSecrets({ home, passphrase, keychain: () => keychain });
}

/** What somebody is told who asks for something. */
function complaint(ask: () => unknown): string {
  try {
    ask();
  } catch (thrown) {
    if (thrown instanceof GatewayError) return `${thrown.code} ${thrown.message} | ${thrown.mend ?? ''}`;
    throw thrown;
  }
  return '';
}

function aKeychain(): Keychain & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    read: (account) => kept.get(account),
    write: (account, value) => void kept.set(account, value),
    remove: (account) => void kept.delete(account),
  };
}

function everythingIn(home: string): string {
  return readdirSync(home)
    .map((name) => readFileSync(join(home, name), 'latin1'))
    .join('\n');
}

test('a secret is kept, read by another process, replaced and removed', () => {
  const home = aHome();
  expect(opened(home).names()).toEqual([]);
  expect(opened(home).write('github.token', VALUE)).toBe('file');
  opened(home).write('a', 'ü\n"b"');
  expect([opened(home).read('github.token'), opened(home).read('a')]).toEqual([VALUE, 'ü\n"b"']);
  expect(opened(home).names()).toEqual(['a', 'github.token']);
  opened(home).write('a', 'other');
  expect(opened(home).read('a')).toBe('other');
  expect([opened(home).remove('a'), opened(home).remove('a')]).toEqual([true, false]);
  expect([opened(home).read('a'), opened(home).read('constructor')]).toEqual([undefined, undefined]);
});

test('asking for a secret of an empty home makes no file', () => {
  const home = aHome();
  opened(home).read('a');
  expect(() => lstatSync(home)).toThrow('ENOENT');
});

test('no value lies in a file in the open, and nobody else can read the files', () => {
  const home = aHome();
  opened(home).write('github.token', VALUE);
  expect(everythingIn(home)).not.toContain(VALUE);
  expect(readdirSync(home).toSorted()).toEqual(['secrets.json', 'secrets.key']);
  const modes = ['.', 'secrets.json', 'secrets.key'].map((name) => lstatSync(join(home, name)).mode & 0o777);
  expect(modes).toEqual([0o700, 0o600, 0o600]);
});

test.for(['', 'A', '-a', 'a b', 'a/b', '../a', `a${'b'.repeat(64)}`, '__proto__'])(
  '%j is no name of a secret',
  (name) => {
    expect(complaint(() => opened(aHome()).write(name, VALUE))).toMatch(/^USAGE /);
  },
);

test('with a passphrase there is no key beside the file, and only that passphrase opens it', () => {
  const home = aHome();
  opened(home, { passphrase: 'correct horse' }).write('a', VALUE);
  expect(readdirSync(home)).toEqual(['secrets.json']);
  const before = readFileSync(join(home, 'secrets.json'));
  expect(opened(home, { passphrase: 'correct horse' }).read('a')).toBe(VALUE);
  expect(complaint(() => opened(home, { passphrase: 'other' }).read('a'))).toContain('sealed with another passphrase');
  expect(complaint(() => opened(home, { passphrase: 'other' }).write('b', 'x'))).toContain('another passphrase');
  expect(complaint(() => opened(home).read('a'))).toContain('Set MCP_GATEWAY_SECRETS_PASSPHRASE');
  expect(opened(home).names()).toEqual(['a']);
  expect(readFileSync(join(home, 'secrets.json'))).toEqual(before);
});

test('the first secret that is kept with a passphrase takes the others with it', () => {
  const home = aHome();
  opened(home).write('a', VALUE);
  opened(home, { passphrase: 'correct horse' }).write('b', 'second');
  const secrets = opened(home, { passphrase: 'correct horse' });
  expect([secrets.read('a'), secrets.read('b')]).toEqual([VALUE, 'second']);
  expect(complaint(() => opened(home).read('a'))).toContain('sealed with a passphrase');
});

test.for([
  ['broken', '{"version": 1', 'is damaged; nothing was changed in it'],
  ['empty', '', 'is damaged'],
  ['of another shape', '{"version":1,"secrets":[]}', 'is damaged'],
  ['newer', '{"version":2}', 'is of version 2'],
] as const)('a file that is %s is refused and stays as it is', ([, text, expected]) => {
  const home = aHome();
  opened(home).write('a', VALUE);
  const path = join(home, 'secrets.json');
  writeFileSync(path, text);
  for (const ask of [
    () => opened(home).read('a'),
    () => opened(home).write('b', VALUE),
    () => opened(home).remove('a'),
  ]) {
    expect(complaint(ask)).toContain(expected);
  }
  expect(readFileSync(path, 'utf8')).toBe(text);
});

test('a value that was changed, or moved to another name, is found out', () => {
  const home = aHome();
  const path = join(home, 'secrets.json');
  opened(home).write('a', VALUE);
  opened(home).write('b', 'second');
  const book = JSON.parse(readFileSync(path, 'utf8')) as { secrets: Record<string, unknown> };
  writeFileSync(path, JSON.stringify({ ...book, secrets: { a: book.secrets['b'], b: book.secrets['b'] } }));
  expect(complaint(() => opened(home).read('a'))).toMatch(/is damaged at "a" \| Set it again/);
  expect(opened(home).read('b')).toBe('second');
});

test('a key that is missing, or another, is named, and the secrets stay', () => {
  const home = aHome();
  const key = join(home, 'secrets.key');
  opened(home).write('a', VALUE);
  const kept = readFileSync(key);
  rmSync(key);
  expect(complaint(() => opened(home).read('a'))).toContain('secrets.key is missing');
  expect(complaint(() => opened(home).write('b', VALUE))).toContain('secrets.key is missing');
  writeFileSync(key, Buffer.alloc(32, 7).toString('base64'), { mode: 0o600 });
  expect(complaint(() => opened(home).read('a'))).toContain('is not the key of');
  writeFileSync(key, kept);
  expect(opened(home).read('a')).toBe(VALUE);
});

test('a link, and a file that others can read, are refused', () => {
  const home = aHome();
  mkdirSync(home);
  const elsewhere = join(home, '..', 'elsewhere.json');
  writeFileSync(elsewhere, '{}', { mode: 0o600 });
  symlinkSync(elsewhere, join(home, 'secrets.json'));
  expect(complaint(() => opened(home).names())).toContain('is a symbolic link');
  expect(complaint(() => opened(home).write('a', VALUE))).toContain('is a symbolic link');
  rmSync(join(home, 'secrets.json'));
  opened(home).write('a', VALUE);
  chmodSync(join(home, 'secrets.json'), 0o640);
  expect(complaint(() => opened(home).read('a'))).toMatch(/other users of this machine \| Run `chmod 600/);
});

test('a keychain that works has the values, and the file only their names', () => {
  const home = aHome();
  const keychain = aKeychain();
  expect(opened(home, { keychain }).write('a', VALUE)).toBe('keychain');
  expect([...keychain.kept.values()]).toEqual([VALUE]);
  expect(readdirSync(home)).toEqual(['secrets.json']);
  expect(opened(home, { keychain }).read('a')).toBe(VALUE);
  expect(opened(home).names()).toEqual(['a']);
  expect(complaint(() => opened(home).read('a'))).toMatch(/lies in the system keychain, which cannot be reached/);
  expect(opened(home, { keychain }).remove('a')).toBe(true);
  expect(keychain.kept.size).toBe(0);
});

test('two home folders have secrets of the same name in one keychain', () => {
  const [home, other, keychain] = [aHome(), aHome(), aKeychain()];
  opened(home, { keychain }).write('a', 'one');
  opened(other, { keychain }).write('a', 'two');
  expect(opened(home, { keychain }).read('a')).toBe('one');
});

test('where the keychain does not keep what it is given, the file does', () => {
  const home = aHome();
  const locked: Keychain = {
    read: () => undefined,
    write: () => {
      throw new Error('locked');
    },
    remove: () => undefined,
  };
  expect(opened(home, { keychain: locked }).write('a', VALUE)).toBe('file');
  expect(opened(home).read('a')).toBe(VALUE);
});

test('a secret that moves from the keychain into the file is not left behind', () => {
  const home = aHome();
  const keychain = aKeychain();
  opened(home, { keychain }).write('a', 'old');
  expect(opened(home, { keychain, passphrase: 'correct horse' }).write('a', VALUE)).toBe('file');
  expect(opened(home, { passphrase: 'correct horse' }).read('a')).toBe(VALUE);
  expect([...keychain.kept.values()]).toEqual([]);
});

test('what another process has kept meanwhile stays', () => {
  const home = aHome();
  const [first, second] = [opened(home), opened(home)];
  expect([first.names(), second.names()]).toEqual([[], []]);
  first.write('a', 'one');
  second.write('b', 'two');
  expect(opened(home).names()).toEqual(['a', 'b']);
});
