import { GatewayError } from '../core/errors.ts';
import type { Era } from '../core/protocol.ts';
import type { RpcMessage } from '../core/rpc.ts';

/** Names and values of HTTP headers in turn, as `node:http` takes them with the least work. */
export type HeaderList = readonly string[];

/** The road to one upstream server. It carries whole JSON-RPC messages and knows nothing of what they mean. */
export interface Wire {
  /** Whether what belongs to a request comes on a stream of its own, so that nobody has to guess. */
  readonly hasStreams: boolean;
  /** Opens the road. Rejects with a `GatewayError`; then `onClose` is not called. Called once. */
  open(listener: WireListener): Promise<void>;
  /**
   * Hands over one serialised message; `requestId` is the id of a request, absent for all else. The headers go with it
   * where the road has such. Where the fate of a message is known only later, a promise, rejected with a `GatewayError`
   * when no answer to it can come this way.
   */
  send(text: string, requestId?: number, headers?: HeaderList): Promise<void> | undefined;
  /** Nobody waits for the answer to this request any more. */
  abandon(requestId: number): void;
  /** Client and server speak this revision from now on. */
  agree(protocolVersion: string, era: Era): void;
  /** The handshake is done: what the server says unasked is wanted. */
  listen(): void;
  /** What the server last said beside the protocol, oldest first, without control characters. */
  lastErrors(): readonly string[];
  /** Ends the road and what belongs to it; idempotent. */
  close(): Promise<void>;
}

/** The server did not take the request, so asking again on a new connection repeats nothing. */
export class RequestNotTaken extends GatewayError {}

/** An HTTP server answered with a status that is no success and with nothing that JSON-RPC knows. */
export class RefusedByStatus extends GatewayError {
  readonly status: number;

  constructor(status: number, message: string, mend: string) {
    super('UPSTREAM_UNAVAILABLE', message, { mend });
    this.status = status;
  }
}

export interface WireListener {
  /** `stream` is the id of the request on whose own stream it came. */
  onMessage(message: RpcMessage, stream?: number): void;
  /** An answer came that cannot be read. `id` is the id it seems to carry. */
  onUnreadable(id: number, error: GatewayError): void;
  /** The road ended by itself. Called at most once, and not after `close()`. */
  onClose(error: GatewayError): void;
}
