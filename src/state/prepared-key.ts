import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError } from '../core/errors.ts';
import { type ChainKey, ChainKeys, keptKeyPath, makeNextKey, readChainKey } from './chain-key.ts';
import { fileIdentity, ownFile, replaceWhole } from './private-file.ts';

/** Says which key was prepared. */
const FILE_NAME = 'chain-next';

export interface PreparedKey {
  readonly id: string;
  /** The file that other hosts need, too. */
  readonly path: string;
}

/** Makes the key that the next rotation of this home hands the log over to; the same again until then. Throws CHAIN_KEY. */
export function prepareKey(home: string): PreparedKey {
  const present = readChainKey(home);
  const before = preparedId(home);
  if (before !== undefined && before !== present.id && new ChainKeys(home).find(before) !== undefined) {
    return { id: before, path: keptKeyPath(home, before) };
  }
  const { id } = makeNextKey(home);
  replaceWhole(join(home, FILE_NAME), `${id}\n`);
  return { id, path: keptKeyPath(home, id) };
}

/** The key that was prepared, unless it is among those in use. Throws CHAIN_KEY where its file is gone. */
export function readPreparedKey(home: string, inUse: readonly string[]): ChainKey | undefined {
  const id = preparedId(home);
  if (id === undefined || inUse.includes(id)) return undefined;
  const key = new ChainKeys(home).find(id);
  if (key !== undefined) return key;
  throw new GatewayError('CHAIN_KEY', `the key that was prepared, ${keptKeyPath(home, id)}, is not there`, {
    mend: 'Copy it back from another host, or make another one: `mcp-gateway decision rotate-key --prepare`.',
  });
}

/** The next rotation makes a key of its own, unless one is prepared again. */
export function forgetPreparedKey(home: string): void {
  rmSync(join(home, FILE_NAME), { force: true });
}

function preparedId(home: string): string | undefined {
  const path = join(home, FILE_NAME);
  if (fileIdentity(path) === undefined) return undefined;
  ownFile(path, 'CHAIN_KEY');
  return readFileSync(path, 'utf8').trim();
}
