import type { Json, JsonObject } from './json.ts';

/** JSON-RPC 2.0 as MCP uses it: ids are text or whole numbers, never null; params are objects. */
export type RpcId = string | number;

export interface RpcRequest {
  readonly kind: 'request';
  readonly id: RpcId;
  readonly method: string;
  readonly params: JsonObject;
}

export interface RpcNotification {
  readonly kind: 'notification';
  readonly method: string;
  readonly params: JsonObject;
}

export interface RpcResult {
  readonly kind: 'result';
  readonly id: RpcId;
  readonly result: JsonObject;
}

export interface RpcFailure {
  readonly kind: 'failure';
  readonly id: RpcId;
  readonly error: RpcError;
}

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: Json;
}

export type RpcMessage = RpcRequest | RpcNotification | RpcResult | RpcFailure;

/**
 * What came back for a request: its result, or the peer's own error with code, message and data kept. `scopes` is the
 * gateway's own, never a peer's: with a token that has them, a refused request would not be refused.
 */
export type RpcAnswer = { readonly scopes?: readonly string[] } & (
  | { readonly kind: 'result'; readonly result: JsonObject }
  | { readonly kind: 'failure'; readonly error: RpcError }
);

/** JSON-RPC 2.0 §5.1, and those that MCP 2025-11-25 adds. */
export const RPC = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  /** Up to 2025-11-25; from 2026-07-28 on it is `invalidParams`. */
  resourceNotFound: -32002,
  /** 2025-11-25: the user must open an address before this can go on. */
  urlElicitationRequired: -32042,
  /** 2026-07-28: headers and body of one request say different things. */
  headerMismatch: -32020,
  /** 2026-07-28: the request needs something that its client cannot do. */
  missingCapability: -32021,
  unsupportedVersion: -32022,
} as const;
