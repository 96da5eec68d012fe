import type { JsonObject } from '../core/json.ts';
import type { LogLevel } from '../core/protocol.ts';
import type { RpcAnswer, RpcNotification, RpcRequest } from '../core/rpc.ts';
import type { StopSignal } from '../core/stop.ts';

/**
 * Answers what a server asks. The signal aborts when the server cancels its question or the request that it belongs to
 * ends; `onProgress` is there where the server wants to hear how the answer gets along, and takes the parameters of
 * `notifications/progress`.
 */
export type AnswerQuestion = (
  request: RpcRequest,
  signal: AbortSignal,
  onProgress?: (params: JsonObject) => void,
) => Promise<RpcAnswer>;

/** How a request to a server is made, and who hears what comes before its answer. */
export interface RequestOptions {
  readonly signal?: StopSignal | undefined;
  /** Gets the parameters of each `notifications/progress`, less the token. */
  readonly onProgress?: ((params: JsonObject) => void) | undefined;
  /** Milliseconds since the last sign of life; by default what is configured for the server. */
  readonly timeoutMs?: number | undefined;
  /** The downstream session that makes it: what a server says on a pipe is guessed to be of one session alone. */
  readonly session?: string | undefined;
  /** What a stateless server may log with this request. */
  readonly logLevel?: LogLevel | undefined;
  /** The client capabilities that a stateless server is told with this request. */
  readonly offers: JsonObject;
  /** Gets the notifications that belong to this request, progress excepted. */
  readonly onNotification?: ((notification: RpcNotification) => void) | undefined;
  /** Answers what the server asks on behalf of this request. */
  readonly onRequest?: AnswerQuestion | undefined;
  /** Hears of what the server asked on behalf of this request without having been offered it; it has been refused. */
  readonly onRefused?: ((request: RpcRequest) => void) | undefined;
  /** It is sent only as long as `Upstream.toolsEpoch` is this one. */
  readonly toolsEpoch?: number | undefined;
}

/** A request as a connection sends it. */
export interface SentOptions extends RequestOptions {
  /** It is of the gateway itself: nothing that a server says unasked belongs to it. */
  readonly isOwn?: boolean | undefined;
}

export function ownOptions(timeoutMs: number, signal?: StopSignal): SentOptions {
  return { timeoutMs, signal, offers: NOTHING, isOwn: true };
}

const NOTHING: JsonObject = {};
