import { parseResultBytes, RESULT_LIMITS } from '../core/lossless-json.ts';
import { findIdAtEdges, parseRpcMessage } from '../core/rpc-parse.ts';
import { EDGE_BYTES } from '../core/framing.ts';
import type { RpcId, RpcMessage } from '../core/rpc.ts';

export type ReadMessage =
  | { readonly kind: 'ok'; readonly message: RpcMessage }
  | {
      readonly kind: 'unreadable';
      /** The id that the message seems to carry, where it could be one of ours. */
      readonly id: number | undefined;
      /** What is wrong, in words that hold nothing of the message. */
      readonly why: string;
    };

/** A message from an upstream server: nothing in it is lost, not even a member that the protocol does not know. */
export function readMessage(bytes: Buffer, maxBytes: number): ReadMessage {
  const parsed = parseResultBytes(bytes, { ...RESULT_LIMITS, maxBytes });
  if (parsed.kind === 'refused') {
    const id = findIdAtEdges(bytes.subarray(0, EDGE_BYTES), bytes.subarray(-EDGE_BYTES));
    return { kind: 'unreadable', id: ourId(id), why: parsed.message };
  }
  const read = parseRpcMessage(parsed.value);
  if (read.kind === 'refused') return { kind: 'unreadable', id: ourId(read.id), why: read.error.message };
  return read;
}

function ourId(id: RpcId | null): number | undefined {
  return typeof id === 'number' ? id : undefined;
}
