import { sign, verify } from 'node:crypto';
import { canonicalJson, sha256Hex } from '../core/canonical-json.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { CheckpointKey, CheckpointReader } from './checkpoint-key.ts';

/** Where a chain stood, said outside its database and signed. */
export interface Checkpoint {
  readonly version: 1;
  /** `checkpoint`: the chain has come this far. `removed`: everything up to here was removed because of its age. */
  readonly kind: 'checkpoint' | 'removed';
  /** Id of the key that signs. */
  readonly key: string;
  /** The database file. */
  readonly store: string;
  readonly chain: string;
  readonly seq: number;
  /** Of the record with this seq, hex. */
  readonly hash: string;
  /** RFC 3339 in UTC, milliseconds. */
  readonly time: string;
  /** SHA-256 of the line before this one of the same chain, hex; empty for the first. */
  readonly previous: string;
  /** Only where records were removed. */
  readonly removed?: Removed;
}

export interface Removed {
  readonly first: number;
  readonly count: number;
  /** Those were removed whose segment had ended by then: RFC 3339 in UTC. */
  readonly before: string;
  /** Id of the gateway process that removed them. */
  readonly by: string;
  /** The id of the key of the chain, and what it has sealed this with, hex: for hosts that do not know who has signed it. */
  readonly chain_key?: string;
  readonly chain_seal?: string;
}

const DOMAIN = 'mcp-gateway/checkpoint/1\n';

/** What is signed: the domain, then the canonical JSON (RFC 8785) of everything but the signature. */
export function signCheckpoint(checkpoint: Checkpoint, { privateKey }: CheckpointKey): string {
  const text = canonicalJson(membersOf(checkpoint));
  const signature = sign(null, Buffer.from(DOMAIN + text), privateKey).toString('base64');
  return `${text.slice(0, -1)},"signature":"${signature}"}`;
}

/** Says the line before, for the next one. */
export function lineHash(line: string): string {
  return sha256Hex(line);
}

export interface ReadLine {
  readonly checkpoint: Checkpoint;
  readonly signature: string;
}

/** Undefined where the line is none, as one is that was only half written. */
export function parseCheckpoint(line: string): ReadLine | undefined {
  const value = parseObject(line);
  if (value === undefined || typeof value['signature'] !== 'string') return undefined;
  const { signature, ...rest } = value;
  return isCheckpoint(rest) ? { checkpoint: rest, signature } : undefined;
}

export function isSignedBy({ checkpoint, signature }: ReadLine, { publicKey }: CheckpointReader): boolean {
  const signed = Buffer.from(DOMAIN + canonicalJson(membersOf(checkpoint)));
  return verify(null, signed, publicKey, Buffer.from(signature, 'base64'));
}

function membersOf(checkpoint: Checkpoint): JsonObject {
  const { removed, ...rest } = checkpoint;
  return removed === undefined ? rest : { ...rest, removed: { ...removed } };
}

function parseObject(line: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const TEXTS = ['key', 'store', 'chain', 'hash', 'time', 'previous'] as const;

function isCheckpoint(value: object): value is Checkpoint {
  if (!isJsonObject(value)) return false;
  const { version, kind, seq, removed } = value;
  return (
    version === 1 &&
    (kind === 'checkpoint' || kind === 'removed') &&
    Number.isSafeInteger(seq) &&
    TEXTS.every((name) => typeof value[name] === 'string') &&
    (kind === 'removed') === isRemoved(removed)
  );
}

function isRemoved(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    Number.isSafeInteger(value['first']) &&
    Number.isSafeInteger(value['count']) &&
    typeof value['before'] === 'string' &&
    typeof value['by'] === 'string' &&
    ['string', 'undefined'].includes(typeof value['chain_key']) &&
    ['string', 'undefined'].includes(typeof value['chain_seal'])
  );
}
