import { createHmac, timingSafeEqual } from 'node:crypto';
import { GatewayError } from '../core/errors.ts';
import type { ChainKey, ChainKeys } from './chain-key.ts';

/** The decision before a call, the outcome after it, and everything else that is called recorded. */
export type RowKind = 'decision' | 'outcome' | 'act';

/** A row of the log before it has its place in the chain. Text that a kind does not have is empty. */
export interface LogRow {
  readonly kind: RowKind;
  readonly id: string;
  readonly time: string;
  readonly instance: string;
  readonly effect: string;
  readonly status: string;
  readonly server: string;
  readonly tool: string;
  readonly reasons: string;
  readonly action: string;
  readonly agent: string;
  readonly user: string;
  readonly session: string;
  readonly us: number;
  readonly body: string;
}

/** Where a row stands. `prev` is the hash of the row before it, 32 zero bytes for the first. */
export interface Place {
  readonly chain: string;
  readonly seq: number;
  readonly prev: Uint8Array;
}

export interface Head {
  readonly chain: string;
  readonly seq: number;
  readonly hash: Uint8Array;
}

/** The end of a chain as the store keeps it, with the id of the key that the next row is sealed with. */
export interface StoredHead extends Head {
  readonly key: string;
  readonly mac: Uint8Array;
}

export const GENESIS: Uint8Array = new Uint8Array(32);

const ROW_DOMAIN = 'mcp-gateway/log/1';
const HEAD_DOMAIN = 'mcp-gateway/head/1';
const HANDOVER_DOMAIN = 'mcp-gateway/handover/1';
const REMOVAL_DOMAIN = 'mcp-gateway/removed/1';
const LENGTH_BYTES = 4;
const SCRATCH_BYTES = 64 * 1024;

export interface Sealer {
  /** HMAC-SHA-256 over the row, its place and the hash before it. */
  sealRow(row: LogRow, place: Place): Buffer;
  /** HMAC-SHA-256 over the end of the chain, so that nobody without the key can move it back to a place of their choice. */
  sealHead(head: Head): Buffer;
  /** HMAC-SHA-256 by the next key over the place where it takes over from this one. */
  sealHandover(place: Place, from: string): Buffer;
  /** HMAC-SHA-256 over what says that the beginning of a chain was removed. */
  sealRemoval(text: string): Buffer;
}

/** Sealers for the keys that lie in a home folder. */
export class Sealers {
  readonly #keys: Pick<ChainKeys, 'find'>;
  readonly #known = new Map<string, Sealer>();

  constructor(keys: Pick<ChainKeys, 'find'>) {
    this.#keys = keys;
  }

  find(keyId: string): Sealer | undefined {
    const known = this.#known.get(keyId);
    if (known !== undefined) return known;
    const key = this.#keys.find(keyId);
    if (key === undefined) return undefined;
    const sealer = createSealer(key);
    this.#known.set(keyId, sealer);
    return sealer;
  }

  /** Throws CHAIN_KEY where there is no such key. */
  of(keyId: string, path: string): Sealer {
    const sealer = this.find(keyId);
    if (sealer !== undefined) return sealer;
    throw new GatewayError('CHAIN_KEY', `the store ${path} was written with another chain key, ${keyId}`, {
      mend: `Copy \`chain-${keyId}.key\`, or \`chain.key\` where that is it, from the home folder of the host that has it, as \`chain-${keyId}.key\`; or name another store under \`decisions.store\`.`,
    });
  }
}

/**
 * What is hashed is a list of fields in a fixed order, each with its length before it (four bytes, big-endian): no
 * two different rows have the same bytes, which joined text or JSON could not promise. The first field names the
 * version of this encoding, the second the key.
 */
export function createSealer(key: ChainKey): Sealer {
  const scratch = Buffer.allocUnsafe(SCRATCH_BYTES);
  return {
    sealRow(row, place) {
      return hmac(key, encode(rowFields(key, row, place), scratch));
    },
    sealHead(head) {
      return hmac(key, encode([HEAD_DOMAIN, key.id, head.chain, String(head.seq), head.hash], scratch));
    },
    sealHandover({ chain, seq, prev }, from) {
      return hmac(key, encode([HANDOVER_DOMAIN, from, key.id, chain, String(seq), prev], scratch));
    },
    sealRemoval(text) {
      return hmac(key, encode([REMOVAL_DOMAIN, key.id, text], scratch));
    },
  };
}

export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

type Field = string | Uint8Array;

function rowFields(key: ChainKey, row: LogRow, place: Place): readonly Field[] {
  return [
    ROW_DOMAIN,
    key.id,
    row.kind,
    String(place.seq),
    place.chain,
    place.prev,
    row.id,
    row.time,
    row.instance,
    row.effect,
    row.status,
    row.server,
    row.tool,
    row.reasons,
    row.action,
    row.agent,
    row.user,
    row.session,
    String(row.us),
    row.body,
  ];
}

function encode(fields: readonly Field[], scratch: Buffer): Buffer {
  // A UTF-16 unit takes at most three bytes of UTF-8; counting exactly only pays for text that is too long for the scratch.
  let most = 0;
  for (const field of fields) most += LENGTH_BYTES + field.length * 3;
  const target = most <= scratch.length ? scratch : Buffer.allocUnsafe(exactLength(fields));
  let end = 0;
  for (const field of fields) {
    const start = end + LENGTH_BYTES;
    const length = field.length === 0 ? 0 : put(field, target, start);
    target.writeUInt32BE(length, end);
    end = start + length;
  }
  return target.subarray(0, end);
}

function exactLength(fields: readonly Field[]): number {
  return fields.reduce(
    (sum, field) => sum + LENGTH_BYTES + (typeof field === 'string' ? Buffer.byteLength(field) : field.length),
    0,
  );
}

function put(field: Field, target: Buffer, start: number): number {
  if (typeof field === 'string') return target.write(field, start);
  target.set(field, start);
  return field.length;
}

function hmac(key: ChainKey, bytes: Buffer): Buffer {
  return createHmac('sha256', key.secret).update(bytes).digest();
}
