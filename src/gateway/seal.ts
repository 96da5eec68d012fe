import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

import { canonicalJson } from '../core/canonical-json.ts';
import type { Clock } from '../core/clock.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';

/** What a sealed text is good for: nobody else and no other request can use it. */
export interface Bound {
  /** Names the principal that it was given to. */
  readonly principal: string;
  /** SHA-256 of the request, hex. */
  readonly binding: string;
}

interface SealOptions {
  /** Of the store; keys are made from it. Equal texts give equal text, and only we can compute it. */
  readonly keyedHash: (text: string) => string;
  readonly clock: Clock;
}

/**
 * Seals what a client keeps for us between two requests (`requestState`, MCP 2026-07-28, basic/patterns/mrtr): it can
 * be read, but not made, changed, or used by another principal, for another request or later than `untilMs`.
 */
export class Sealer {
  readonly #key: Buffer;
  readonly #clock: Clock;

  constructor({ keyedHash, clock }: SealOptions) {
    this.#key = keyFrom(keyedHash);
    this.#clock = clock;
  }

  /** `untilMs`: milliseconds since the epoch. Two parts in base64url with a dot between. */
  seal(content: JsonObject, bound: Bound, untilMs: number): string {
    const body = deflateRawSync(canonicalJson([untilMs, content])).toString('base64url');
    return `${body}.${this.#mac(body, bound)}`;
  }

  /** Undefined where the text was not sealed here for this principal and request, or its time is over. */
  open(text: string, bound: Bound): JsonObject | undefined {
    const [body = '', mac = '', ...more] = text.split('.');
    if (more.length > 0 || !isSame(mac, this.#mac(body, bound))) return undefined;
    const [untilMs, content] = unpack(body);
    return typeof untilMs === 'number' && this.#clock.now() < untilMs && isJsonObject(content) ? content : undefined;
  }

  #mac(body: string, { principal, binding }: Bound): string {
    const about = canonicalJson([principal, binding, body]);
    return createHmac('sha256', this.#key).update(about).digest('base64url');
  }
}

/** A mask's hash is short: of eight together 384 bits are kept. No masked value gives these, because those are JSON. */
function keyFrom(keyedHash: (text: string) => string): Buffer {
  const parts = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'];
  const hash = createHash('sha256');
  for (const part of parts) hash.update(keyedHash(`requestState, part ${part}`));
  return hash.digest();
}

function isSame(given: string, made: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(made)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Only what was sealed here comes this far. */
function unpack(body: string): readonly Json[] {
  const value: Json = JSON.parse(inflateRawSync(Buffer.from(body, 'base64url')).toString('utf8'));
  return Array.isArray(value) ? value : [];
}
