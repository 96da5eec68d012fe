import { createHmac, createPrivateKey, sign as signBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { messageOf } from '../../src/core/errors.ts';
import type { Signer } from '../../src/core/signature.ts';
import { makeBundle } from '../../src/policy/bundle.ts';
import { SIGNATURES } from '../../src/policy/bundle-path.ts';
import { signaturesIn, verifySignatures } from '../../src/policy/signature.ts';
import { readSigners } from '../../src/policy/signer-keys.ts';
import { fileDigest } from '../../src/policy/structured-digest.ts';
import { MANIFEST } from './archives.ts';
import { aKeyPair, aSigner, filesOf, type KeyPair, signedBy } from './signing-keys.ts';

type Files = ReadonlyMap<string, Uint8Array>;

const KEY = aKeyPair();
const OTHER = aKeyPair();
const FILES = filesOf({
  '.manifest': MANIFEST,
  'policy.rego': 'package github\n\ndeny contains "x" if input.a\n',
  'policy_test.rego': 'package github_test\n',
  'github/data.json': '{"b": [1.50, "é<\u2028", -0], "a": {"😀": 1e3, "￮": null}}',
  'github/more/data.yaml': 'limit: 3\nnames: [a, "b"]\n',
});
const SIGNED = await signedBy(FILES, KEY);

async function verify(files: Files, ...signers: readonly Signer[]): Promise<string> {
  try {
    return (await verifySignatures(files, await readSigners(signers))).signer;
  } catch (thrown) {
    return `refused: ${messageOf(thrown)}`;
  }
}

/** Signed by nobody's library: so can be what no library would sign. */
function tokenOf(header: object, payload: object | string, { privatePem }: KeyPair = KEY): string {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const parts = [JSON.stringify(header), text].map((part) => Buffer.from(part).toString('base64url'));
  const signature = signBytes(null, Buffer.from(parts.join('.')), createPrivateKey(privatePem));
  return [...parts, signature.toString('base64url')].join('.');
}

const LIST = [...FILES].map(([name, bytes]) => ({
  name,
  hash: fileDigest(name, bytes, 'SHA-256'),
  algorithm: 'SHA-256',
}));
const EDDSA = { alg: 'EdDSA', typ: 'JWT' };

function withSignatures(value: unknown, files: Files = FILES): Files {
  return new Map([...files, [SIGNATURES, Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))]]);
}

const withToken = (token: string): Files => withSignatures({ signatures: [token] });

function edited(path: string, content: string | undefined): Files {
  const others = [...SIGNED].filter(([name]) => name !== path);
  return new Map(content === undefined ? others : [...others, [path, Buffer.from(content)]]);
}

test.for(['EdDSA', 'ES256', 'ES384', 'RS256', 'PS256'] as const)(
  'a bundle signed with %s is of its signer',
  async (alg) => {
    const pair = aKeyPair(alg);
    const signed = await signedBy(FILES, pair);
    const signer = aSigner(pair, alg === 'PS256' ? { algorithm: 'PS256' } : {});
    expect(await verify(signed, signer)).toMatch(/^[\w-]{43}$/);
    expect(await verify(signed, aSigner(aKeyPair(alg), { algorithm: signer.algorithm }))).toContain('not by this key');
  },
);

test('the same files and key give the same bytes', async () => {
  const turned = new Map([...FILES].toReversed());
  expect((await signedBy(turned, KEY)).get(SIGNATURES)).toEqual(SIGNED.get(SIGNATURES));
});

const secret = createHmac('sha256', KEY.publicPem);
const hmacHead = [{ alg: 'HS256' }, { files: LIST }].map((part) =>
  Buffer.from(JSON.stringify(part)).toString('base64url'),
);
const hmacToken = [...hmacHead, secret.update(hmacHead.join('.')).digest('base64url')].join('.');
const rest = [{ alg: 'none' }, { files: LIST }].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
const [GOOD_TOKEN = ''] = signaturesIn(SIGNED);

test.for<[string, Files, string]>([
  ['whose signatures were stripped', FILES, 'it is not signed: there is no .signatures.json'],
  ['with an empty list of signatures', withSignatures({ signatures: [] }), '.signatures.json: signatures'],
  ['whose signatures are no JSON', withSignatures('nothing'), '.signatures.json: '],
  [
    'whose signatures are there twice in the file',
    withSignatures('{"signatures":["a"],"signatures":["b"]}'),
    SIGNATURES,
  ],
  ['of another plugin', withSignatures({ signatures: [GOOD_TOKEN], plugin: 'mine' }), 'plugin'],
  ['signed with alg none', withToken([...rest, ''].join('.')), 'says that it is by "none"'],
  ['signed with HS256 and the public key', withToken(hmacToken), 'says that it is by "HS256"'],
  ['that says another algorithm than its key', withToken(tokenOf({ alg: 'ES256' }, { files: LIST })), 'by "ES256"'],
  ['signed by another key', withToken(tokenOf(EDDSA, { files: LIST }, OTHER)), 'not by this key'],
  [
    'whose header asks for what nobody knows',
    withToken(tokenOf({ ...EDDSA, crit: ['x'], x: 1 }, { files: LIST })),
    'cannot be read',
  ],
  ['whose signature is no token', withToken('a.b'), 'cannot be read'],
  ['with an extra file', edited('extra.rego', 'package github\n'), 'extra.rego is there and was not signed'],
  ['with an extra data file', edited('data.json', '{}'), 'data.json is there and was not signed'],
  ['with a file less', edited('policy.rego', undefined), 'policy.rego was signed and is not there'],
  ['with a test less', edited('policy_test.rego', undefined), 'policy_test.rego was signed and is not there'],
  ['with another rule', edited('policy.rego', 'package github\n'), 'policy.rego: it is not as it was signed'],
  ['with other data', edited('github/data.json', '{}'), 'github/data.json: it is not as it was signed'],
  ['with other data in YAML', edited('github/more/data.yaml', 'limit: 4\n'), 'data.yaml: it is not as it was signed'],
  ['whose data can be read in two ways', edited('github/data.json', '{"a":1,"a":2}'), 'github/data.json: '],
  [
    'with MD5 digests',
    withToken(tokenOf(EDDSA, { files: LIST.map((file) => ({ ...file, algorithm: 'MD5' })) })),
    'MD5 is none of',
  ],
  [
    'with SHA-1 digests',
    withToken(tokenOf(EDDSA, { files: LIST.map((file) => ({ ...file, algorithm: 'SHA-1' })) })),
    'SHA-1 is none of',
  ],
  [
    'without a name of its digests',
    withToken(tokenOf(EDDSA, { files: LIST.map((file) => ({ ...file, algorithm: '' })) })),
    'no algorithm',
  ],
  ['that names a file twice', withToken(tokenOf(EDDSA, { files: [...LIST, ...LIST] })), 'names a file twice'],
  ['signed for a scope', withToken(tokenOf(EDDSA, { files: LIST, scope: 'write' })), 'for the scope "write"'],
  [
    'whose payload can be read in two ways',
    withToken(tokenOf(EDDSA, `{"files":[],"files":${JSON.stringify(LIST)}}`)),
    'no list of files',
  ],
  ['that ends when no calendar goes', withToken(tokenOf(EDDSA, { files: LIST, exp: -1e14 })), 'no list of files'],
  ['that begins in words', withToken(tokenOf(EDDSA, { files: LIST, nbf: 'soon' })), 'no list of files'],
  ['whose payload is no list of files', withToken(tokenOf(EDDSA, { files: 'all' })), 'no list of files'],
])('G-62 a bundle %s is refused', async ([, files, words]) => {
  expect(await verify(files, aSigner(KEY))).toContain(words);
});

test.for<[string, Partial<Signer>, object, object, string]>([
  ['of its scope', { scope: 'write' }, EDDSA, { files: LIST, scope: 'write' }, ''],
  ['of another scope', { scope: 'read' }, EDDSA, { files: LIST, scope: 'write' }, 'not for "read"'],
  ['of no scope', { scope: 'read' }, EDDSA, { files: LIST }, 'not for "read"'],
  ['of its name', { kid: 'a' }, { ...EDDSA, kid: 'a' }, { files: LIST }, ''],
  ['named as older OPAs do', { kid: 'a' }, EDDSA, { files: LIST, keyid: 'a' }, ''],
  ['of another name', { kid: 'a' }, { ...EDDSA, kid: 'b' }, { files: LIST, keyid: 'a' }, 'calls its key "b"'],
  ['of no name', { kid: 'a' }, EDDSA, { files: LIST }, 'calls its key ""'],
])('G-62 a signature %s counts as it shall', async ([, part, header, payload, words]) => {
  const told = await verify(withToken(tokenOf(header, payload)), aSigner(KEY, part));
  expect(told).toContain(words);
  expect(told.startsWith('refused')).toBe(words !== '');
});

test('G-62 a key cannot be a private one, too short, or for another algorithm', async () => {
  const { privatePem } = KEY;
  expect(await verify(SIGNED, aSigner({ publicPem: privatePem }))).toContain('is a private key');
  expect(await verify(SIGNED, aSigner({ publicPem: 'nothing' }))).toContain('no public key');
  expect(await verify(SIGNED, aSigner(KEY, { algorithm: 'RS256' }))).toContain('does not sign with RS256');
  expect(await verify(SIGNED, { ...aSigner(KEY), key: { kind: 'file', path: '/nowhere.pub' } })).toContain('ENOENT');
});

test('of several signers each must have signed, and the same one twice is one', async () => {
  const both = await signedBy(SIGNED, OTHER, { isAdded: true });
  expect((await verify(both, aSigner(KEY), aSigner(OTHER))).split(',')).toHaveLength(2);
  expect(await verify(both, aSigner(OTHER), aSigner(KEY))).toBe(await verify(both, aSigner(KEY), aSigner(OTHER)));
  expect(await verify(SIGNED, aSigner(KEY), aSigner(OTHER))).toContain('not signed by the key');
  expect(await verify(both, aSigner(KEY), aSigner(KEY))).toContain('named twice');
  expect(signaturesIn(await signedBy(both, KEY, { isAdded: true }))).toHaveLength(2);
  await expect(signedBy(edited('extra.rego', 'package github\n'), OTHER, { isAdded: true })).rejects.toThrow(
    'extra.rego',
  );
});

test('a signature tells from when on and until when it counts, of several only while all do', async () => {
  const long = { startsMs: 1_600_000_000_000, endsMs: 1_900_000_000_000 };
  const short = { startsMs: 1_700_000_000_001, endsMs: 1_800_000_000_999, isAdded: true };
  const both = await signedBy(await signedBy(FILES, KEY, long), OTHER, short);
  const signers = await readSigners([aSigner(KEY), aSigner(OTHER)]);
  // Whole seconds, and never one that was not meant.
  const times = { startsMs: 1_700_000_001_000, endsMs: 1_800_000_000_000 };
  expect(await verifySignatures(both, signers)).toMatchObject(times);
  expect(await verifySignatures(SIGNED, signers.slice(0, 1))).toMatchObject({ startsMs: null, endsMs: null });
});

test('data is signed by its value: order and space do not count, numbers as they are written do', async () => {
  const [json] = [...FILES]
    .filter(([path]) => path === 'github/data.json')
    .map(([, bytes]) => Buffer.from(bytes).toString());
  expect(await verify(edited('github/data.json', ` ${json ?? ''}\n`), aSigner(KEY))).not.toContain('refused');
  const turned = '{"a":{"￮":null,"\\ud83d\\ude00":1e3},"b":[1.50,"\\u00e9<\\u2028",-0]}';
  expect(await verify(edited('github/data.json', turned), aSigner(KEY))).not.toContain('refused');
  expect(await verify(edited('github/data.json', turned.replace('1.50', '1.5')), aSigner(KEY))).toContain(
    'not as it was',
  );
});

describe('G-62 a byte that is changed', () => {
  const digest = makeBundle('github', { source: 'here', files: SIGNED }).digest;
  const signers = readSigners([aSigner(KEY)]);
  const places = [...SIGNED].flatMap(([path, bytes]) => Array.from(bytes, (_, at) => [path, at] as const));
  const isText = (path: string): boolean => path.endsWith('.rego');

  test('anywhere in a signed bundle refuses it, or leaves it the very same bundle', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), fc.integer({ min: 1, max: 255 }), async ([path, at], flip) => {
        const bytes = Buffer.from(SIGNED.get(path) ?? []);
        bytes[at] = (bytes[at] ?? 0) ^ flip;
        const files = new Map([...SIGNED, [path, bytes] as const]);
        const isAccepted = await verifySignatures(files, await signers).then(
          () => true,
          () => false,
        );
        if (!isAccepted) return;
        // Space in JSON, and the last bits of base64, stand for nothing.
        expect(isText(path)).toBe(false);
        expect(makeBundle('github', { source: 'here', files }).digest).toBe(digest);
      }),
      { numRuns: 1_000 },
    );
  });
});
