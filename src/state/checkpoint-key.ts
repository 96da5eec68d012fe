import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError, messageOf } from '../core/errors.ts';
import { fileIdentity, isOpenToOthers, makePrivateFolder, ownFile, writeOnce } from './private-file.ts';

/** Signs checkpoints (Ed25519). Lies in the gateway's home beside the key of the chain; the private half never leaves it. */
export interface CheckpointKey extends CheckpointReader {
  readonly privateKey: KeyObject;
}

/** Enough to check a checkpoint, and nothing to hide. */
export interface CheckpointReader {
  /** 16 hex digits of the SHA-256 of the public key (SPKI, DER). */
  readonly id: string;
  readonly publicKey: KeyObject;
}

const PRIVATE_NAME = 'checkpoint.key';
const PUBLIC_NAME = 'checkpoint.pub';

/** Reads the key pair, or makes one where there is none. Safe when several gateways start at once. Throws CHAIN_KEY. */
export function obtainCheckpointKey(home: string): CheckpointKey {
  makePrivateFolder(home);
  const path = join(home, PRIVATE_NAME);
  if (fileIdentity(path) === undefined) {
    const { privateKey: made } = generateKeyPairSync('ed25519');
    writeOnce(path, made.export({ type: 'pkcs8', format: 'pem' }).toString(), 'CHAIN_KEY');
  }
  const privateKey = readKey(path, (text) => createPrivateKey(refuseOpen(path, text)));
  const publicKey = createPublicKey(privateKey);
  const publicPath = publicKeyPath(home);
  if (fileIdentity(publicPath) === undefined) writeOnce(publicPath, pemOf(publicKey), 'CHAIN_KEY');
  return { id: idOf(publicKey), privateKey, publicKey };
}

/** Where the public half lies, for whoever is to check checkpoints elsewhere. */
export function publicKeyPath(home: string): string {
  return join(home, PUBLIC_NAME);
}

/** A public key as PEM. Throws CHAIN_KEY. */
export function readPublicKey(path: string): CheckpointReader {
  const publicKey = readKey(path, (text) => createPublicKey(text));
  return { id: idOf(publicKey), publicKey };
}

function readKey(path: string, read: (text: string) => KeyObject): KeyObject {
  try {
    const key = read(readFileSync(path, 'utf8'));
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (thrown) {
    if (thrown instanceof GatewayError) throw thrown;
    throw new GatewayError('CHAIN_KEY', `the key of checkpoints ${path} cannot be read: ${messageOf(thrown)}`, {
      mend: 'Restore the file from a copy of the home folder.',
      cause: thrown,
    });
  }
  throw new GatewayError('CHAIN_KEY', `${path} is no Ed25519 key`, {
    mend: 'Restore the file from a copy of the home folder.',
  });
}

function refuseOpen(path: string, text: string): string {
  if (!isOpenToOthers(ownFile(path, 'CHAIN_KEY'))) return text;
  throw new GatewayError('CHAIN_KEY', `the key of checkpoints ${path} is open to other users`, {
    mend: `Run \`chmod 600 ${path}\`, and ask who could read it.`,
  });
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

function idOf(publicKey: KeyObject): string {
  const bytes = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}
