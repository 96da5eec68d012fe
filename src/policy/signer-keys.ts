import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { calculateJwkThumbprint } from 'jose';
import { messageOf } from '../core/errors.ts';
import type { SignatureAlgorithm, Signer } from '../core/signature.ts';

/** A signer whose key has been read. */
export interface PublicSigner extends Omit<Signer, 'key' | 'algorithm'> {
  readonly key: KeyObject;
  readonly algorithm: SignatureAlgorithm;
  /** Of the key, as RFC 7638 has it. */
  readonly thumbprint: string;
}

/** Throws an Error where a key cannot be read, is private, or cannot sign as it is said to. */
export async function readSigners(signers: readonly Signer[]): Promise<readonly PublicSigner[]> {
  const read = await Promise.all(signers.map(readSigner));
  const keys = new Set(read.map(({ thumbprint }) => thumbprint));
  if (keys.size < read.length) throw new Error('the same key is named twice as a signer');
  return read;
}

async function readSigner({ key: named, algorithm, kid, scope }: Signer): Promise<PublicSigner> {
  const pem = named.kind === 'pem' ? named.pem : await readKey(named.path);
  const name = named.kind === 'pem' ? 'the public key of the signer' : named.path;
  if (/PRIVATE KEY/.test(pem)) throw new Error(`${name} is a private key: name the public one, and keep this one away`);
  const key = publicKeyOf(pem, name);
  return { key, algorithm: algorithmFor(key, algorithm, name), kid, scope, thumbprint: await thumbprintOf(key) };
}

async function readKey(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new Error(`the key of its signer cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function publicKeyOf(pem: string, name: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new Error(`${name} is no public key in PEM`, { cause });
  }
}

/** By what tells one key from another, wherever it is written down. Source: RFC 7638. */
export function thumbprintOf(key: KeyObject): Promise<string> {
  const { kty, crv, x, y, n, e } = key.export({ format: 'jwk' });
  const members = Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined);
  return calculateJwkThumbprint(Object.fromEntries(members));
}

const RSA_BITS = 2048;

/** The algorithm that a key signs with: the one that is asked for where it can. Throws an Error that names the key. */
export function algorithmFor(key: KeyObject, asked: SignatureAlgorithm | undefined, name: string): SignatureAlgorithm {
  const able = algorithmsOf(key);
  const [usual] = able;
  if (usual === undefined) throw new Error(`${name} is of no kind that bundles are signed with: ${KINDS}`);
  if (asked === undefined) return usual;
  if (!able.includes(asked)) throw new Error(`${name} does not sign with ${asked}, but with ${able.join(' or ')}`);
  return asked;
}

const KINDS = `Ed25519, P-256, P-384, or RSA of at least ${RSA_BITS} bits`;

function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): readonly SignatureAlgorithm[] {
  const { namedCurve = '', modulusLength = 0 } = asymmetricKeyDetails ?? {};
  if (asymmetricKeyType === 'ed25519') return ['EdDSA'];
  if (asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return ['ES256'];
  if (asymmetricKeyType === 'ec' && namedCurve === 'secp384r1') return ['ES384'];
  return asymmetricKeyType === 'rsa' && modulusLength >= RSA_BITS ? ['RS256', 'PS256'] : [];
}
