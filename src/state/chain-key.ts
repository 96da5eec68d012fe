import { createHash, createHmac, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError, messageOf } from '../core/errors.ts';
import { fileIdentity, isOpenToOthers, makePrivateFolder, ownFile } from './private-file.ts';

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

export function readChainKey(home: string): ChainKey {
  const path = join(home, FILE_NAME);
  const bytes = Buffer.from(readHex(path), 'hex');
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

/** Written aside and linked into place whole, so that nobody ever reads half a key and the first one stays. */
function createKey(path: string): void {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(draft, `${randomBytes(32).toString('hex')}\n`, { flag: 'wx', mode: 0o600, flush: true });
    linkSync(draft, path);
  } catch (thrown) {
    if (fileIdentity(path) === undefined) {
      throw new GatewayError('CHAIN_KEY', `the chain's key ${path} cannot be made: ${messageOf(thrown)}`, {
        mend: 'See that the home folder is writable.',
        cause: thrown,
      });
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** What stands in a record for a value that is kept out of it: equal values give equal text, and only we can compute it. */
export function keyedHash(key: ChainKey, value: string): string {
  return `hmac:${createHmac('sha256', key.secret).update('mcp-gateway mask\0').update(value).digest('hex').slice(0, 12)}`;
}

/** An id made of a text: the same wherever the key is, and only we can compute it. 32 hex digits. */
export function keyedId(key: ChainKey, text: string): string {
  return createHmac('sha256', key.secret).update('mcp-gateway id\0').update(text).digest('hex').slice(0, 32);
}
