import { createHash, sign, verify } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { canonicalJson } from '../core/canonical-json.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { CheckpointKey, CheckpointReader } from './checkpoint-key.ts';

/** What the gateway's home signs of a file that it has exported, so that others can tell whether it was changed since. */
export interface ExportSeal {
  readonly version: 1;
  readonly kind: 'export';
  /** Id of the key that signs. */
  readonly key: string;
  /** Of the whole file, hex. */
  readonly sha256: string;
  readonly bytes: number;
  /** RFC 3339 in UTC, milliseconds. */
  readonly time: string;
}

const DOMAIN = 'mcp-gateway/export/1\n';

/** Beside the export itself. */
export function sealPath(file: string): string {
  return `${file}.seal`;
}

/** The text of the seal: one JSON object. What is signed is the domain, then the canonical JSON of all but the signature. */
export async function sealExport(file: string, key: CheckpointKey, nowMs: number): Promise<string> {
  const { sha256, bytes } = await digestOf(file);
  const seal: ExportSeal = {
    version: 1,
    kind: 'export',
    key: key.id,
    sha256,
    bytes,
    time: new Date(nowMs).toISOString(),
  };
  const text = canonicalJson({ ...seal });
  const signature = sign(null, Buffer.from(DOMAIN + text), key.privateKey).toString('base64');
  return `${text.slice(0, -1)},"signature":"${signature}"}\n`;
}

export type SealVerdict = 'good' | 'changed' | 'another key' | 'no signature';

/** Whether a file is what was sealed. */
export async function checkSeal(file: string, seal: string, reader: CheckpointReader): Promise<SealVerdict> {
  const value = readSeal(seal);
  const { signature, ...rest } = value ?? {};
  if (typeof signature !== 'string') return 'no signature';
  if (rest['key'] !== reader.id) return 'another key';
  const signed = Buffer.from(DOMAIN + canonicalJson(rest));
  if (!verify(null, signed, reader.publicKey, Buffer.from(signature, 'base64'))) return 'no signature';
  const { sha256, bytes } = await digestOf(file);
  return rest['sha256'] === sha256 && rest['bytes'] === bytes ? 'good' : 'changed';
}

function readSeal(path: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

async function digestOf(file: string): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(file)) {
      const block = chunk as Buffer;
      hash.update(block);
      bytes += block.length;
    }
  } catch (thrown) {
    throw new GatewayError('STORE_UNAVAILABLE', `${file} cannot be read: ${messageOf(thrown)}`, { cause: thrown });
  }
  return { sha256: hash.digest('hex'), bytes };
}
