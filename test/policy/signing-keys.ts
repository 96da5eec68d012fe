import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { SignatureAlgorithm, Signer } from '../../src/core/signature.ts';
import { type Signing, signBundle } from '../../src/policy/sign-bundle.ts';

export interface KeyPair {
  readonly algorithm: SignatureAlgorithm;
  readonly privateKey: KeyObject;
  readonly publicPem: string;
  readonly privatePem: string;
}

export function aKeyPair(algorithm: SignatureAlgorithm = 'EdDSA'): KeyPair {
  const { privateKey, publicKey } = generate(algorithm);
  return {
    algorithm,
    privateKey,
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function generate(algorithm: SignatureAlgorithm): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  switch (algorithm) {
    case 'EdDSA':
      return generateKeyPairSync('ed25519');
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'ES384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' });
    case 'RS256':
    case 'PS256':
      return generateKeyPairSync('rsa', { modulusLength: 2048 });
  }
}

export function aSigner({ publicPem: pem }: Pick<KeyPair, 'publicPem'>, part: Partial<Signer> = {}): Signer {
  return { key: { kind: 'pem', pem }, kid: '', algorithm: undefined, scope: '', ...part };
}

type Files = ReadonlyMap<string, Uint8Array>;

export function filesOf(texts: Readonly<Record<string, string>>): Files {
  return new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]));
}

export function signedBy(files: Files, pair: KeyPair, part: Partial<Signing> = {}): Promise<Files> {
  const { privateKey: key, algorithm } = pair;
  return signBundle(files, {
    key,
    algorithm,
    kid: '',
    scope: '',
    startsMs: undefined,
    endsMs: undefined,
    isAdded: false,
    ...part,
  });
}
