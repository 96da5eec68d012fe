import { EDGE_BYTES } from '../core/framing.ts';
import type { JsonObject } from '../core/json.ts';
import type { JsonLimits } from '../core/json-scan.ts';
import { findIdAtEdges, parseClientMessage, type Passes } from '../core/rpc-parse.ts';
import type { RpcError, RpcId, RpcMessage } from '../core/rpc.ts';
import { parseRequestBytes } from '../core/strict-json.ts';

/** A message as the session takes it. */
export interface ReceivedMessage {
  readonly kind: 'ok';
  readonly message: RpcMessage;
  /** All of what was sent, with the members that are dropped from `message`. */
  readonly value: JsonObject;
  /** JSON pointers of members that the protocol does not know. */
  readonly dropped: readonly string[];
  readonly byteLength: number;
}

export interface RefusedMessage {
  readonly kind: 'refused';
  /** Why, as one word for the log. */
  readonly reason: string;
  /** The id to answer under, or null. */
  readonly id: RpcId | null;
  readonly error: RpcError;
}

/** From the bytes of one message to what it means, or to the refusal that its sender gets. */
export function receiveMessage(bytes: Buffer, limits: JsonLimits, passes?: Passes): ReceivedMessage | RefusedMessage {
  const json = parseRequestBytes(bytes, limits);
  if (json.kind === 'refused') {
    const id = findIdAtEdges(bytes.subarray(0, EDGE_BYTES), bytes.subarray(-EDGE_BYTES));
    return { kind: 'refused', reason: json.reason, id, error: { code: json.code, message: json.message } };
  }
  const parsed = parseClientMessage(json.value, passes);
  if (parsed.kind === 'ok') {
    const { message, dropped } = parsed;
    return { kind: 'ok', message, value: json.value, dropped, byteLength: bytes.length };
  }
  return { kind: 'refused', reason: 'invalid_message', id: parsed.id, error: parsed.error };
}
