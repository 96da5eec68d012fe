import { GatewayError } from '../core/errors.ts';
import type { RpcMessage } from '../core/rpc.ts';

/** The road to one upstream server. It carries whole JSON-RPC messages and knows nothing of what they mean. */
export interface Wire {
  /** Opens the road. Rejects with a `GatewayError`; then `onClose` is not called. Called once. */
  open(listener: WireListener): Promise<void>;
  /**
   * Hands over one serialised message; `requestId` is the id of a request, absent for all else. Where the fate of a
   * message is known only later, a promise, rejected with a `GatewayError` when no answer to it can come this way.
   */
  send(text: string, requestId?: number): Promise<void> | undefined;
  /** Nobody waits for the answer to this request any more. */
  abandon(requestId: number): void;
  /** Client and server speak this revision from now on. */
  agree(protocolVersion: string): void;
  /** The handshake is done: what the server says unasked is wanted. */
  listen(): void;
  /** What the server last said beside the protocol, oldest first, without control characters. */
  lastErrors(): readonly string[];
  /** Ends the road and what belongs to it; idempotent. */
  close(): Promise<void>;
}

/** The server did not take the request, so asking again on a new connection repeats nothing. */
export class RequestNotTaken extends GatewayError {}

export interface WireListener {
  onMessage(message: RpcMessage): void;
  /** An answer came that cannot be read. `id` is the id it seems to carry. */
  onUnreadable(id: number, error: GatewayError): void;
  /** The road ended by itself. Called at most once, and not after `close()`. */
  onClose(error: GatewayError): void;
}
