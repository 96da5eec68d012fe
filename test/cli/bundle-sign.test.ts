import { chmodSync, cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addBundleCommands } from '../../src/cli/bundle-commands.ts';
import { readBundle } from '../../src/policy/bundle-files.ts';
import { writeArchive } from '../../src/policy/write-archive.ts';
import { aKeyPair, filesOf, type KeyPair, signedBy } from '../policy/signing-keys.ts';
import { aFolder } from '../upstream/parts.ts';
import { type Ran, runCommand } from './command.ts';

const MANIFEST = JSON.stringify({
  revision: '7',
  roots: ['app'],
  metadata: { gateway: { contract: 1, layer: 'workflow' } },
});
const FILES = {
  '.manifest': MANIFEST,
  'policy.rego': 'package app\n',
  'data.json': '{"app":{"config":{"limit":1.50}}}',
};

/** A folder with an archive `app.tar.gz` and two pairs of keys, `maya` and `lee`. */
function aDesk(files: Readonly<Record<string, string>> = FILES): string {
  const folder = aFolder();
  writeFileSync(join(folder, 'app.tar.gz'), writeArchive(filesOf(files)));
  writeKeys(folder, 'maya', aKeyPair());
  writeKeys(folder, 'lee', aKeyPair('ES256'));
  return folder;
}

function writeKeys(folder: string, name: string, { privatePem, publicPem }: KeyPair): void {
  writeFileSync(join(folder, `${name}.pem`), privatePem, { mode: 0o600 });
  writeFileSync(join(folder, `${name}.pub`), publicPem);
}

function bundle(folder: string, ...args: readonly string[]): Promise<Ran> {
  return runCommand(addBundleCommands, ['bundle', ...args], { home: folder, cache: join(folder, 'cache') });
}

test('a signed archive is verified by its key, and by no other', async () => {
  const desk = aDesk();
  const signed = await bundle(desk, 'sign', 'app.tar.gz', '--key', 'maya.pem');
  expect(signed).toMatchObject({ exit: 0, err: '' });
  expect(signed.out).toMatch(/^app\.tar\.gz: [0-9a-f]{12} is signed by [\w-]{43} \(EdDSA\)\n$/);
  expect(await bundle(desk, 'verify', 'app.tar.gz', '--key', 'maya.pub')).toMatchObject({
    exit: 0,
    out: expect.stringContaining('is signed by'),
  });
  const json = await bundle(desk, 'verify', 'app.tar.gz', '--key', 'lee.pub', '--json');
  expect(json.exit).toBe(3);
  expect(JSON.parse(json.out)).toMatchObject({
    schema: 'mcp-gateway/bundle-verify/v1',
    ok: false,
    signer: [],
    problem: expect.stringContaining('it is not signed by the key'),
    signatures: [{ kid: '', algorithm: 'EdDSA', scope: '', ends: null, files: 3 }],
  });
  const nobody = await bundle(desk, 'verify', 'app.tar.gz');
  expect(nobody).toMatchObject({ exit: 3, err: expect.stringContaining('nobody is named') });
});

test('signing again gives the same bytes', async () => {
  const desk = aDesk();
  await bundle(desk, 'sign', 'app.tar.gz', '--key', 'maya.pem');
  const first = readFileSync(join(desk, 'app.tar.gz'));
  await bundle(desk, 'sign', 'app.tar.gz', '--key', 'maya.pem');
  expect(readFileSync(join(desk, 'app.tar.gz'))).toEqual(first);
});

test('two people sign one after the other, each with their own key, name, scope and end', async () => {
  const desk = aDesk();
  await bundle(desk, 'sign', 'app.tar.gz', '--key', 'maya.pem', '--kid', 'maya');
  const second = await bundle(
    desk,
    'sign',
    'app.tar.gz',
    '--key',
    'lee.pem',
    '--kid',
    'lee',
    '--ends-in',
    '30d',
    '--add',
    '--json',
  );
  expect(JSON.parse(second.out)).toMatchObject({
    schema: 'mcp-gateway/bundle-sign/v1',
    ok: true,
    algorithm: 'ES256',
    kid: 'lee',
    scope: '',
    ends: expect.stringMatching(/Z$/),
    signatures: 2,
  });
  const both = await bundle(desk, 'verify', 'app.tar.gz', '--key', 'maya.pub', '--key', 'lee.pub');
  expect(both).toMatchObject({ exit: 0, out: expect.stringMatching(/maya +EdDSA .*\nlee +ES256 /) });
  expect((await bundle(desk, 'verify', 'app.tar.gz', '--key', 'lee.pub', '--kid', 'maya')).exit).toBe(3);
  await bundle(desk, 'sign', 'app.tar.gz', '--key', 'lee.pem', '--scope', 'write');
  expect((await bundle(desk, 'verify', 'app.tar.gz', '--key', 'maya.pub')).exit).toBe(3);
  expect((await bundle(desk, 'verify', 'app.tar.gz', '--key', 'lee.pub')).err).toContain('for the scope "write"');
  expect((await bundle(desk, 'verify', 'app.tar.gz', '--key', 'lee.pub', '--scope', 'write')).exit).toBe(0);
});

test('G-63 a signature that counts later or no more does not verify, and both times are shown', async () => {
  const desk = aDesk();
  const times = ['--starts-in', '2d', '--ends-in', '30d'];
  const signed = await bundle(desk, 'sign', 'app.tar.gz', '--key', 'maya.pem', ...times);
  expect(signed.out).toMatch(/ \(EdDSA\), from \S+Z, until \S+Z\n$/);
  const early = await bundle(desk, 'verify', 'app.tar.gz', '--key', 'maya.pub', '--json');
  expect(early.exit).toBe(3);
  expect(JSON.parse(early.out)).toMatchObject({
    ok: false,
    problem: expect.stringMatching(/^its signature counts from \S+Z on, and not yet$/),
    signatures: [{ starts: expect.stringMatching(/Z$/), ends: expect.stringMatching(/Z$/) }],
  });
  const shown = await bundle(desk, 'verify', 'app.tar.gz', '--key', 'maya.pub');
  expect(shown).toMatchObject({ exit: 3, err: expect.stringContaining('counts from') });
  expect(shown.out).toMatch(/scope +from +until +files\n- +EdDSA +- +\S+Z +\S+Z +3\n/);

  const turned = ['--starts-in', '30d', '--ends-in', '2d'];
  expect(await bundle(desk, 'sign', 'app.tar.gz', '--key', 'maya.pem', ...turned)).toMatchObject({
    exit: 2,
    err: expect.stringContaining('would end before it counts'),
  });

  const { files } = await readBundle(join(desk, 'app.tar.gz'));
  const begun = { startsMs: Date.now() - 2_000, endsMs: Date.now() - 1_000 };
  const pair = aKeyPair();
  writeKeys(desk, 'old', pair);
  writeFileSync(join(desk, 'app.tar.gz'), writeArchive(await signedBy(files, pair, begun)));
  const ended = await bundle(desk, 'verify', 'app.tar.gz', '--key', 'old.pub');
  expect(ended).toMatchObject({ exit: 3, err: expect.stringContaining('its signature has ended') });
});

test('a folder is signed beside its files, and a file that is changed afterwards shows', async () => {
  const desk = aDesk({ ...FILES, '.manifest': MANIFEST.replace('"7"', '"2026-spring"') });
  const folder = join(desk, 'app');
  cpSync('test/cli/command.ts', join(desk, 'app', 'README.md'));
  const { files } = await readBundle(join(desk, 'app.tar.gz'));
  for (const [path, bytes] of files) writeFileSync(join(folder, path), bytes);
  const signed = await bundle(desk, 'sign', 'app', '--key', 'maya.pem');
  expect(signed).toMatchObject({ exit: 0, err: expect.stringContaining('no revision that stands in an order') });
  expect((await bundle(desk, 'verify', 'app', '--key', 'maya.pub')).exit).toBe(0);
  writeFileSync(join(folder, 'policy.rego'), 'package app\n\n');
  expect(await bundle(desk, 'verify', 'app', '--key', 'maya.pub')).toMatchObject({
    exit: 3,
    err: expect.stringContaining('policy.rego: it is not as it was signed'),
  });
  expect((await bundle(desk, 'sign', 'app', '--key', 'lee.pem', '--add')).err).toContain('already is another bundle');
});

test.for<[string, readonly string[], string]>([
  ['is open to others', ['--key', 'open.pem'], 'others may read the key'],
  ['is a link', ['--key', 'link.pem'], 'is a symbolic link'],
  ['is not there', ['--key', 'none.pem'], 'there is no key'],
  ['is public', ['--key', 'maya-private.pub'], 'no private key'],
  ['signs otherwise', ['--key', 'maya.pem', '--alg', 'RS256'], 'does not sign with RS256'],
  ['would sign with what verifies', ['--key', 'maya.pem', '--alg', 'HS256'], 'not signed with HS256'],
])('G-62 a key that %s signs nothing', async ([, args, words]) => {
  const desk = aDesk();
  cpSync(join(desk, 'maya.pem'), join(desk, 'open.pem'));
  chmodSync(join(desk, 'open.pem'), 0o640);
  symlinkSync(join(desk, 'maya.pem'), join(desk, 'link.pem'));
  writeFileSync(join(desk, 'maya-private.pub'), readFileSync(join(desk, 'maya.pub')), { mode: 0o600 });
  const before = readFileSync(join(desk, 'app.tar.gz'));
  const { exit, out, err } = await bundle(desk, 'sign', 'app.tar.gz', ...args);
  expect(exit).toBe(2);
  expect(err).toContain(words);
  expect(out + err).not.toContain('PRIVATE KEY');
  expect(readFileSync(join(desk, 'app.tar.gz'))).toEqual(before);
});

test('what is no bundle is not signed', async () => {
  const desk = aDesk({ ...FILES, 'data.json': '{"other":1}' });
  const { exit, err } = await bundle(desk, 'sign', 'app.tar.gz', '--key', 'maya.pem');
  expect(exit).toBe(3);
  expect(err).toContain('lies outside the bundle');
});
