import type { Era } from './protocol.ts';
import type { DecisionRecord, OutcomeStatus } from './record.ts';
import type { RpcAnswer, RpcId } from './rpc.ts';
import type { TraceContext } from './trace-context.ts';

/**
 * Watches what the gateway does, for traces and metrics. Nothing it does may change what happens, none of its methods
 * throws, and where there is no observer nothing of this is called.
 */
export interface Observer {
  /** A request of a client begins. */
  begin(request: ObservedRequest): Observation;
  /** A decision is committed. */
  recorded(record: DecisionRecord): void;
  /** A decision could not be committed, so what it was about is refused. */
  notRecorded(): void;
  /** A session of a client has ended. */
  sessionEnded(session: EndedSession): void;
  /** A session with a server has ended. */
  serverSessionEnded(server: string, session: EndedServerSession): void;
  /** A server runs again that ran before. */
  restarted(server: string): void;
}

export interface EndedSession {
  readonly ms: number;
  /** The revision of MCP that was agreed on. */
  readonly protocol: string;
  readonly road: Road['kind'];
}

export interface EndedServerSession {
  readonly ms: number;
  readonly protocol: string;
  /** Whether the server was lost, as opposed to ended by the gateway. */
  readonly isLost: boolean;
}

export interface ObservedRequest {
  /** As it was sent. */
  readonly method: string;
  readonly caller: {
    readonly session: string;
    readonly era: Era;
    readonly client: { readonly protocol: string };
  };
  /** Absent where a request is the gateway's own. */
  readonly origin: Origin | undefined;
  /** What `_meta` says of the trace that the request belongs to. */
  readonly context: TraceContext | undefined;
}

/** How a request came. */
export interface Origin {
  readonly id: RpcId;
  readonly road: Road;
}

/** What carries the messages of a client. */
export interface Road {
  readonly kind: 'pipe' | 'http';
  /** What the headers of its request say of the trace that it belongs to. */
  readonly context?: TraceContext | undefined;
}

/** One request, from its beginning to its answer. */
export interface Observation {
  /** 32 hexadecimal digits; empty where requests are not traced. */
  readonly traceId: string;
  /** The layers have been asked. */
  ruled(): void;
  /** What was decided is on record. `isPinned`: what is asked for is in the lock file. */
  decided(record: DecisionRecord, isPinned: boolean): void;
  /** The request goes on to its server. */
  forward(server: string): Sending;
  /** Once; `undefined` where the request came to no answer. */
  end(answer: RpcAnswer | undefined): void;
}

/** A request on its way to a server. */
export interface Sending {
  /** The trace that the server shall go on with; undefined where requests are not traced. */
  readonly context: TraceContext | undefined;
  /** Once. `answer` is the server's own, where there is one. */
  end(status: OutcomeStatus | 'said', answer?: RpcAnswer): void;
}
