import type { Clock } from '../core/clock.ts';
import type { JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import type { ServerId } from '../core/names.ts';
import type { Authorizer } from './authorizer.ts';
import type { Environment } from './environment.ts';
import type { GroupGuard } from './group-guard.ts';
import { HttpWire } from './http.ts';
import { refusedWire } from './refused-wire.ts';
import { SseWire } from './sse.ts';
import { StdioWire, type Host } from './stdio.ts';
import type { Wire } from './wire.ts';

/** Whose instance of a server it is: one for each downstream session, for each principal, or one for all. */
export type InstanceKind = 'session' | 'principal' | 'gateway';

/** One governed server as it is configured. */
export interface ServerDefinition {
  readonly id: ServerId;
  readonly transport: Transport;
  /** By default `session` for a process, because state and roots must not mix, and `principal` over HTTP. */
  readonly instance?: InstanceKind | undefined;
  /** How long a request may go without a sign of life, milliseconds; ten minutes by default. */
  readonly timeoutMs?: number | undefined;
  /** The client capabilities with which its lists are read: some servers show more to clients that can do more. */
  readonly discoveryOffers?: JsonObject | undefined;
  /** Why it must not be started; absent where it may be. */
  readonly refusal?: string | undefined;
}

export type Transport =
  | {
      readonly kind: 'stdio';
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Environment;
      readonly cwd?: string | undefined;
    }
  | { readonly kind: 'http' | 'sse'; readonly url: URL; readonly headers: Readonly<Record<string, string>> };

/** What every upstream is handed. */
export interface UpstreamContext {
  /** Version of the gateway, as servers are told it. */
  readonly version: string;
  readonly host: Host;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The longest message taken from a server, bytes. */
  readonly maxMessageBytes: number;
  /** Milliseconds from asking a process to end until it is killed; 5,000 by default. */
  readonly graceMs?: number | undefined;
  /** Gets the name of a server that is a program, and each line that it writes to its stderr. */
  readonly onErrorLine?: ((name: string, line: string) => void) | undefined;
}

/** What one wire is handed. */
export interface WireContext extends UpstreamContext {
  readonly guard?: GroupGuard | undefined;
  readonly authorizer?: Authorizer | undefined;
}

export function instanceKindOf(definition: ServerDefinition): InstanceKind {
  return definition.instance ?? (definition.transport.kind === 'stdio' ? 'session' : 'principal');
}

/** A new road to the server; nothing is started before it is opened. */
export function wireTo(definition: ServerDefinition, context: WireContext): Wire {
  const { transport, id: name, refusal } = definition;
  if (refusal !== undefined) return refusedWire(name, refusal);
  if (transport.kind === 'stdio') return new StdioWire({ ...context, ...transport, name });
  if (transport.kind === 'http') return new HttpWire({ ...context, ...transport, name });
  return new SseWire({ ...context, ...transport, name });
}
