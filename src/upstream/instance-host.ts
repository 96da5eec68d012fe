import type { ServerId } from '../core/names.ts';
import type { JsonObject } from '../core/json.ts';
import type { Era } from '../core/protocol.ts';
import type { RpcAnswer, RpcNotification, RpcRequest } from '../core/rpc.ts';
import type { InstanceKind } from './server-definition.ts';
import type { Upstream } from './upstream.ts';

/** On whose behalf an instance is asked for. */
export interface Holder {
  /** Id of the downstream session. */
  readonly session: string;
  readonly principalId: string;
  /** The era of the client: the server is spoken with in the same one where it offers it. */
  readonly era: Era;
  /**
   * The capabilities that the server is told its client has: what the client can do, less what the configuration does not
   * allow this server. Keep one object per session: what it says is compared once per object.
   */
  readonly offers: JsonObject;
}

/** An instance that says something, and whose it is. */
export interface InstanceOf {
  readonly server: ServerId;
  readonly kind: InstanceKind;
  /** Undefined while it belongs to nobody yet, or to all; for `principal` the one of its sessions that came first. */
  readonly holder: Holder | undefined;
  readonly upstream: Upstream;
}

/** Who hears what a server says outside of any request of ours. */
export interface InstanceHost {
  /** `notifications/message`, `notifications/elicitation/complete`, `notifications/tasks/status`, vendors' own. */
  onNotification(from: InstanceOf, notification: RpcNotification): void;
  /** A question that belongs to no request, such as `roots/list` right after the handshake. Aborts when the server cancels it or is gone. */
  onRequest(from: InstanceOf, request: RpcRequest, signal: AbortSignal): Promise<RpcAnswer>;
  /** A question that needs a capability nobody offered the server; it has been refused. */
  onRefused?(from: InstanceOf, request: RpcRequest): void;
}
