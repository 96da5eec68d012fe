import { createHash, createHmac, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError, messageOf } from '../core/errors.ts';
import { fileIdentity, isOpenToOthers, makePrivateFolder, ownFile, replaceWhole, writeOnce } from './private-file.ts';

/** The secret of the decision chain. It lies in the gateway's home, not in the database that it protects. */
export interface ChainKey {
  /** Says which key it is without saying anything about it: 16 hex digits. */
  readonly id: string;
  readonly secret: KeyObject;
}

const FILE_NAME = 'chain.key';
const HEX_KEY = /^[0-9a-f]{64}\n?$/;

/** Reads the key, or makes one where there is none. Safe when several gateways start at once. */
export function obtainChainKey(home: string): ChainKey {
  makePrivateFolder(home);
  const path = join(home, FILE_NAME);
  if (fileIdentity(path) === undefined) createKey(path);
  return readChainKey(home);
}

/** Whether the home folder has one, good or bad. */
export function hasChainKey(home: string): boolean {
  return fileIdentity(join(home, FILE_NAME)) !== undefined;
}

/** The key that new stores of this home folder begin with. */
export function readChainKey(home: string): ChainKey {
  return readKey(join(home, FILE_NAME));
}

/** All keys of a home folder: that of new stores, and those that were replaced, which old records still need. */
export class ChainKeys {
  readonly #home: string;
  readonly #known = new Map<string, ChainKey>();

  constructor(home: string) {
    this.#home = home;
  }

  /** That of `chain.key`. Throws CHAIN_KEY. */
  newest(): ChainKey {
    return readChainKey(this.#home);
  }

  /** Undefined where no key of this id lies in the home folder. Throws CHAIN_KEY where one cannot be read. */
  find(id: string): ChainKey | undefined {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const key = this.#read(id);
    if (key !== undefined) this.#known.set(id, key);
    return key;
  }

  #read(id: string): ChainKey | undefined {
    const path = keptKeyPath(this.#home, id);
    if (KEY_ID.test(id) && fileIdentity(path) !== undefined) return readKey(path);
    const newest = readChainKey(this.#home);
    return newest.id === id ? newest : undefined;
  }
}

const KEY_ID = /^[0-9a-f]{16}$/;

/** Where a key lies that is, was or will be that of a store, whatever `chain.key` has become. */
export function keptKeyPath(home: string, id: string): string {
  return join(home, `chain-${id}.key`);
}

/** Makes another key and keeps it and the present one under their ids; `chain.key` stays as it is. */
export function makeNextKey(home: string): ChainKey {
  const text = newKeyText();
  const next = keyOf(text.trim());
  writeOnce(keptKeyPath(home, next.id), text, 'CHAIN_KEY');
  const present = readChainKey(home);
  const kept = keptKeyPath(home, present.id);
  if (fileIdentity(kept) === undefined) writeOnce(kept, `${present.secret.export().toString('hex')}\n`, 'CHAIN_KEY');
  return next;
}

/** From now on new stores begin with this key. */
export function useFromNowOn(home: string, key: ChainKey): void {
  replaceWhole(join(home, FILE_NAME), `${key.secret.export().toString('hex')}\n`);
}

function readKey(path: string): ChainKey {
  return keyOf(readHex(path));
}

function keyOf(hex: string): ChainKey {
  const bytes = Buffer.from(hex, 'hex');
  return {
    id: createHash('sha256').update('mcp-gateway key id').update(bytes).digest('hex').slice(0, 16),
    secret: createSecretKey(bytes),
  };
}

function readHex(path: string): string {
  try {
    const stats = ownFile(path, 'CHAIN_KEY');
    if (isOpenToOthers(stats)) {
      throw new GatewayError('CHAIN_KEY', `the chain's key ${path} is open to other users`, {
        mend: `Run \`chmod 600 ${path}\`, and ask who could read it.`,
      });
    }
    const text = readFileSync(path, 'utf8');
    if (HEX_KEY.test(text)) return text.trim();
  } catch (thrown) {
    if (thrown instanceof GatewayError) throw thrown;
    throw new GatewayError('CHAIN_KEY', `the chain's key ${path} cannot be read: ${messageOf(thrown)}`, {
      mend: 'Restore the file from a copy of the home folder.',
      cause: thrown,
    });
  }
  throw new GatewayError('CHAIN_KEY', `${path} is not a chain key: it must be 64 hex digits`, {
    mend: 'Restore the file from a copy of the home folder.',
  });
}

function createKey(path: string): void {
  writeOnce(path, newKeyText(), 'CHAIN_KEY');
}

function newKeyText(): string {
  return `${randomBytes(32).toString('hex')}\n`;
}

/** What stands in a record for a value that is kept out of it: equal values give equal text, and only we can compute it. */
export function keyedHash(key: ChainKey, value: string): string {
  return `hmac:${createHmac('sha256', key.secret).update('mcp-gateway mask\0').update(value).digest('hex').slice(0, 12)}`;
}

/** An id made of a text: the same wherever the key is, and only we can compute it. 32 hex digits. */
export function keyedId(key: ChainKey, text: string): string {
  return createHmac('sha256', key.secret).update('mcp-gateway id\0').update(text).digest('hex').slice(0, 32);
}
