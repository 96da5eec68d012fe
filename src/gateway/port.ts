import type { JsonObject } from '../core/json.ts';
import type { Principal } from '../core/principal.ts';
import type { RpcAnswer, RpcError } from '../core/rpc.ts';

/** What a door may ask of the gateway. A door knows the wire; the gateway knows policy, record and upstreams. */
export interface GatewayPort {
  /** The merged instructions of the servers shown to this caller; empty where none has any. */
  instructions(caller: Caller): string;
  /** The tools this caller may see, under the names it calls them by, in an order that does not change. */
  listTools(caller: Caller, exchange: Exchange): Promise<readonly JsonObject[]>;
  /** Decides, records, forwards. A denial is a result with `isError`; a failure is the upstream's own error. */
  callTool(call: ToolCallRequest, caller: Caller, exchange: Exchange): Promise<RpcAnswer>;
  /** Records that a method was asked for which is unknown or not allowed, and says so. */
  refuseMethod(method: string, caller: Caller, exchange: Exchange): Promise<RpcError>;
  /** Calls back when what `listTools` would answer may have changed. Returns the way to stop. */
  onToolsChanged(listener: () => void): () => void;
  /** The downstream session is over: its upstream instances end. */
  endSession(session: string): Promise<void>;
}

/** Who is at the door, for as long as a session lasts. */
export interface Caller {
  /** Id of the downstream session, unguessable. */
  readonly session: string;
  readonly principal: Principal;
  readonly client: { readonly name: string; readonly version: string; readonly protocol: string };
}

export interface ToolCallRequest {
  /** The name as it was shown to the client. */
  readonly name: string;
  readonly args: JsonObject;
  /** The client's `_meta`, less `progressToken` and our own keys. */
  readonly meta: JsonObject;
}

/** One request in flight. */
export interface Exchange {
  /** Aborts when the client cancels or goes away. */
  readonly signal: AbortSignal;
  /** JSON pointers of parameters that the protocol does not know; they go nowhere. */
  readonly dropped: readonly string[];
  /** Passes on the parameters of a `notifications/progress`, less the token; absent when the client asked for none. */
  readonly onProgress: ((params: JsonObject) => void) | undefined;
}
