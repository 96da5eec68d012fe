import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { messageOf } from '../../src/core/errors.ts';
import { readBundle } from '../../src/policy/bundle-files.ts';
import { SIGNATURES } from '../../src/policy/bundle-path.ts';
import { verifySignatures } from '../../src/policy/signature.ts';
import { readSigners } from '../../src/policy/signer-keys.ts';
import { writeArchive } from '../../src/policy/write-archive.ts';
import { aKeyPair, aSigner, filesOf, signedBy } from '../policy/signing-keys.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'opa-signatures-'));
const OPA = join(FOLDER, 'opa');
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

/** OPA's own command, of the version that the toolchain is built from. */
beforeAll(() => {
  const args = ['build', '-mod=mod', '-buildvcs=false', '-o', OPA, 'github.com/open-policy-agent/opa'];
  const module = mkdtempSync(join(FOLDER, 'module-'));
  run('cp', ['rego/go.mod', 'rego/go.sum', module]);
  run('go', args, module);
}, 900_000);

function run(command: string, args: readonly string[], cwd = process.cwd()): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status === 0) return stdout + stderr;
  throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}${messageOf(error ?? '')}`);
}

const DATA = [
  '{"plain": 1, "list": [true, null, {"b": 2, "a": 1}], "empty": {}, "none": []}',
  '{"numbers": [0, -0, 1.0, 1.50, 1e3, 1E-7, 0.1, 123456789012345.6]}',
  String.raw`{"texts": ["<&>", "\u2028\u2029", "\u0001\u001f\b\f\n\r\t", "\"\\\/", "é\ud83d\ude00", "\u007f"]}`,
  '{"\u{1F600}": 1, "\uFFEE": 2, "\u00e9": 3, "Z": 4, "a": 5, "": 6}',
];
const YAML =
  'limit: 3\nratio: 0.25\nsmall: 2.5e-9\nnames: [a, "yes", \'1\']\nnested: {b: null, a: true}\ntext: |\n  two\n  lines\n';

const FILES = {
  '.manifest': JSON.stringify({
    revision: '7',
    roots: ['house'],
    metadata: { gateway: { contract: 1, layer: 'workflow' } },
  }),
  'policy.rego': 'package house\n\n# é\ndeny contains "x" if input.a\n',
  ...Object.fromEntries(DATA.map((text, index) => [`house/d${index}/data.json`, text])),
  'house/y/data.yaml': YAML,
};

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

describe.for(['EdDSA', 'ES256', 'ES384', 'RS256', 'PS256'] as const)('with %s', (algorithm) => {
  const pair = aKeyPair(algorithm);
  const place = mkdtempSync(join(FOLDER, 'signed-'));
  const signer = aSigner(pair, { algorithm });
  write(place, { 'key.pem': pair.privatePem, 'key.pub': pair.publicPem });
  write(join(place, 'bundle'), FILES);

  const held = async (path: string): Promise<string> => {
    const { files } = await readBundle(path);
    return (await verifySignatures(files, await readSigners([signer]))).kind;
  };
  const opaAccepts = (path: string): string =>
    run(
      OPA,
      ['build', '-b', path, '--verification-key', 'key.pub', '--signing-alg', algorithm, '-o', 'again.tar.gz'],
      place,
    );

  test('what `opa build` signs is verified here', async () => {
    run(
      OPA,
      ['build', '-b', 'bundle', '--signing-key', 'key.pem', '--signing-alg', algorithm, '-o', 'opa.tar.gz'],
      place,
    );
    expect(await held(join(place, 'opa.tar.gz'))).toBe('verified');
  });

  test('what `opa sign` signs file by file is verified here, and by OPA itself', async () => {
    const files = filesOf(FILES);
    write(join(place, 'plain'), FILES);
    run(OPA, ['sign', '-b', '.', '--signing-key', '../key.pem', '--signing-alg', algorithm], join(place, 'plain'));
    const { files: signed } = await readBundle(join(place, 'plain'));
    expect([...signed.keys()].toSorted()).toEqual([...files.keys(), SIGNATURES].toSorted());
    expect(await held(join(place, 'plain'))).toBe('verified');
  });

  test('what is signed here is verified by OPA, and refused once a byte of it is another', async () => {
    const files = await signedBy(filesOf(FILES), pair);
    writeFileSync(join(place, 'ours.tar.gz'), writeArchive(files));
    expect(opaAccepts('ours.tar.gz')).toBe('');
    const forged = new Map([...files, ['policy.rego', Buffer.from('package house\n')] as const]);
    writeFileSync(join(place, 'forged.tar.gz'), writeArchive(forged));
    expect(() => opaAccepts('forged.tar.gz')).toThrow('digest mismatch');
    await expect(held(join(place, 'forged.tar.gz'))).rejects.toThrow('policy.rego: it is not as it was signed');
  });
});
