import type { JsonObject } from '../core/json.ts';
import type { ServerId } from '../core/names.ts';
import type { OutcomeStatus } from '../core/record.ts';
import type { RpcAnswer, RpcRequest } from '../core/rpc.ts';
import type { GovernedServer } from './governed-server.ts';
import type { Governing } from './governing.ts';
import type { Followed, TaskListener } from '../upstream/followed-tasks.ts';
import type { JudgedCall } from './judge-answer.ts';
import type { RequestOptions } from '../upstream/request-options.ts';
import type {
  Audience,
  Caller,
  Exchange,
  Following,
  FollowRequest,
  InputAnswers,
  ServerQuestion,
  TaskRequest,
} from './port.ts';
import type { Ruling } from './rule.ts';

/** A request that was allowed and recorded, with what is needed to talk with its client before its answer. */
export interface Forwarding {
  readonly ruling: Ruling;
  readonly caller: Caller;
  readonly exchange: Exchange;
  readonly server: GovernedServer;
  readonly method: string;
  /** Under the server's own names. */
  readonly params: JsonObject;
  /** What the phase of results needs, should the call run as a task; absent where it is no call of a tool. */
  readonly judged?: JudgedCall | undefined;
  /** SHA-256 of method, target and arguments, hex: what the state that a client hands back must belong to. */
  readonly binding: string;
  /** Present where the request goes on from where it stopped. */
  readonly resumed: Resumed | undefined;
  /** Decides, records and forwards the same request once more, with answers to what a stateless server asked. */
  readonly again: (resumed: Resumed) => Promise<RpcAnswer>;
}

/** Where a repeated request goes on. Made by a `Dialogue`, handed back to it as it is. */
export type Resumed = RelayedRound | ParkedRound;

/** At the server: `responses` are the client's answers to what it asked, and to nothing else. */
export interface RelayedRound {
  readonly kind: 'relayed';
  readonly server: string;
  /** How the server asked: by `input_required`, or by error -32042, which takes no answers. */
  readonly by: 'result' | 'error';
  /** The server's own. */
  readonly state: string | undefined;
  readonly questions: Readonly<Record<string, ServerQuestion>>;
  readonly responses: JsonObject;
  /** How often the server has asked. */
  readonly round: number;
}

/** In a call that waits here. */
export interface ParkedRound {
  readonly kind: 'parked';
  readonly id: string;
  readonly responses: JsonObject;
  readonly round: number;
}

/**
 * An answer to a forwarded request.
 *
 * Without `outcome` it is the server's, and the story settles the record as ever. With `outcome` it is the gateway's own
 * and complete: nothing is added to it (no decision object either), and the record is settled with what `outcome`
 * resolves to, which may come long after the answer. It never rejects.
 */
export type Said = RpcAnswer & { readonly outcome?: Promise<Ended> };

export interface Ended {
  readonly status: OutcomeStatus;
  /** From forwarding to the end. */
  readonly ms: number;
}

/** Forwards requests, and sees to what servers ask before they answer. */
export interface Dialogue {
  /** Undefined where the state was not given to this caller for this request, or is too old: then -32602. */
  open(answers: InputAnswers, caller: Caller, binding: string): Resumed | undefined;
  /** For a stateless client the answer may be a result with `resultType: "input_required"`. Rejects as `send` does. */
  forward(forwarding: Forwarding): Promise<Said>;
  /** The tag of the gateway where that lives which a request names; undefined where it names none, or this one. */
  placeOf(request: RpcRequest): string | undefined;
  /** What a server asks outside of any request, such as `roots/list` right after the handshake. Never rejects. */
  asked(question: LooseQuestion): Promise<RpcAnswer>;
  /** The session that was sent to the address of an elicitation in URL mode; for `notifications/elicitation/complete`. */
  elicitedSession(server: string, elicitationId: string): string | undefined;
  readonly tasks: Tasks;
  /** Calls that wait for their client are cancelled. */
  close(): void;
}

/** Calls that run as tasks. They are noted by `forward`; a task is its principal's, and lives at the instance that made it. */
export interface Tasks {
  /** `tasks/…`: -32602 for a task that is not the caller's. Rejects as `send` does. */
  answer(request: TaskRequest, caller: Caller, exchange: Exchange): Promise<RpcAnswer>;
  /** Tells of the caller's tasks until it is stopped. Rejects for a bug alone. */
  follow(request: FollowRequest, caller: Caller, signal: AbortSignal): Promise<Following>;
  /**
   * Whom the params of `notifications/tasks/status` are for, and how they know the task; undefined where nobody does.
   * `isTold`: whether a session uses the instance that says so.
   */
  route(server: string, params: JsonObject, isTold: (session: string) => boolean): TaskNews | undefined;
}

export interface TaskNews {
  readonly caller: Caller;
  readonly params: JsonObject;
}

export interface LooseQuestion {
  readonly server: GovernedServer;
  readonly request: RpcRequest;
  /** Aborts when the server cancels its question or goes away. */
  readonly signal: AbortSignal;
  /** Undefined where it is not clear whom the server means. */
  readonly listener: { readonly caller: Caller; readonly audience: Audience } | undefined;
}

/** What goes to the caller's instance of a server. */
export interface Outgoing {
  readonly server: GovernedServer;
  readonly caller: Caller;
  /** It belongs to a call that is over, as the session that made it may be. */
  readonly isAfterwards?: boolean;
  readonly method: string;
  readonly params: JsonObject;
  readonly options: Omit<RequestOptions, 'offers' | 'session'>;
}

/** The tasks that live at the caller's instance of a server, under its own ids. */
export interface TaskWish {
  readonly server: GovernedServer;
  readonly caller: Caller;
  readonly taskIds: readonly string[];
  readonly listener: TaskListener;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Rejects as `send` does. */
export type FollowTasks = (wish: TaskWish) => Promise<Followed>;

export interface DialogueParts extends Governing {
  /** Rejects with `UPSTREAM_*`, `SIGN_IN_REQUIRED` or `CANCELLED`. */
  readonly send: (outgoing: Outgoing) => Promise<RpcAnswer>;
  readonly follow: FollowTasks;
  /** The store's; states are sealed with keys made from it, so all gateways on one store can open them. */
  readonly keyedHash: (text: string) => string;
  /** The tag of this gateway; undefined where no other shares the store from another host, so that nobody else is asked. */
  readonly place: string | undefined;
  /** The URI under which clients reach what a server calls so. */
  readonly expose: (server: ServerId, uri: string) => string;
  /** Whether what is asked says which server asks: where there is more than one. */
  readonly namesServers: () => boolean;
  readonly limits?: Partial<ParkingLimits>;
}

/** How many calls wait for their stateless clients, and how long. */
export interface ParkingLimits {
  /** From one answer with `input_required` to the next request. */
  readonly lifeMs: number;
  readonly perPrincipal: number;
  readonly inAll: number;
  /** How long is waited for further questions before the first goes out. */
  readonly gatherMs: number;
}
