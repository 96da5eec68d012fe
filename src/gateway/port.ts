import type { HeaderParam } from '../core/header-params.ts';
import type { JsonObject } from '../core/json.ts';
import type { Origin } from '../core/observer.ts';
import type { Delegator, Principal } from '../core/principal.ts';
import type { Era, ListName, LogLevel } from '../core/protocol.ts';
import type { StopSignal } from '../core/stop.ts';
import type { RpcAnswer, RpcError, RpcRequest } from '../core/rpc.ts';
import type { Remembered } from './conversation.ts';

/** What a door may ask of the gateway. A door knows the wire; the gateway knows policy, record and upstreams. */
export interface GatewayPort {
  /** What all servers together can do and say of themselves. Waits for no server. `origin`: how a session was begun. */
  introduce(caller: Caller, origin?: Origin): Promise<Introduction>;
  /**
   * Decides, records, forwards. A denial of `tools/call` is a result with `isError`, any other an error of code 4030; a
   * failure is the upstream's own error. Rejects with a `GatewayError` or for a bug.
   */
  answer(request: ClientRequest, caller: Caller, exchange: Exchange): Promise<RpcAnswer>;
  /** Decides whether the caller may watch a resource, and tells of its changes until it is stopped. */
  watch(request: WatchRequest, caller: Caller, exchange: Exchange): Promise<Watch>;
  /**
   * Tells of the states of tasks until it is stopped: of the caller's own, and of those whose servers tell of them. What is
   * no task of the caller's is left out, whether it is another's or nobody's.
   */
  followTasks(request: FollowRequest, caller: Caller, exchange: Exchange): Promise<Following>;
  /** From now on this is where the caller is told what belongs to no request. Returns the way to stop. */
  attend(caller: Caller, audience: Audience): () => void;
  /** Which arguments of a tool the headers of an HTTP request must repeat; none for a tool that is unknown. */
  headerParams(tool: string, caller: Caller): readonly HeaderParam[];
  /** The client says what concerns the running servers of the caller; they are told behind. */
  tell(news: ClientNews, caller: Caller): void;
  /**
   * The tag of the gateway where that lives which a request goes on with: a call that waits for its client, a task. As it
   * stands in the request, which is not yet held to anything. Undefined where any gateway may answer.
   */
  placeOf(request: RpcRequest): string | undefined;
  /** The downstream session is over: its upstream instances end. */
  endSession(session: string): Promise<void>;
}

/** Who is at the door: for as long as a session lasts, or for one stateless request. */
export interface Caller {
  /** Unguessable id of the downstream session; for stateless clients the same for one principal and client. */
  readonly session: string;
  readonly principal: Principal;
  /** Those that `principal.agent.delegated_by` names, as the configuration has them; the gateway adds them. */
  readonly delegators?: readonly Delegator[];
  readonly client: { readonly name: string; readonly version: string; readonly protocol: string };
  readonly era: Era;
  /** What the client can do, as it says: `sampling`, `elicitation`, `roots`, `extensions` … */
  readonly capabilities: JsonObject;
  /** Under which ids the store remembers what it does; the gateway adds them, no door does. */
  readonly remembered?: Remembered;
}

export type ClientNews =
  | { readonly kind: 'roots_changed' }
  /** Log messages from this level on are wanted. */
  | { readonly kind: 'log_level'; readonly level: LogLevel };

export interface Introduction {
  /** `ServerCapabilities`. */
  readonly capabilities: JsonObject;
  /** Empty where no server says anything. */
  readonly instructions: string;
}

/** One request as the door read it. `meta` is the client's `_meta` less what belongs to one hop or is ours. */
export type ClientRequest =
  | ListRequest
  | ToolCallRequest
  | PromptGetRequest
  | ResourceReadRequest
  | CompletionRequest
  | TaskRequest
  | OtherRequest;

export interface ListRequest {
  readonly method: 'tools/list' | 'prompts/list' | 'resources/list' | 'resources/templates/list';
  /** The client's cursor; `''` is one too. */
  readonly cursor: string | undefined;
  readonly meta: JsonObject;
}

export interface ToolCallRequest {
  readonly method: 'tools/call';
  /** The name as it was shown to the client. */
  readonly name: string;
  readonly args: JsonObject;
  readonly meta: JsonObject;
  readonly answers: InputAnswers | undefined;
  /** 2025-11-25: that the call shall run as a task. */
  readonly task: JsonObject | undefined;
  /** Members of `params` that only the configuration knows; they go on as they are. */
  readonly extra?: JsonObject | undefined;
}

export interface PromptGetRequest {
  readonly method: 'prompts/get';
  readonly name: string;
  readonly args: JsonObject;
  readonly meta: JsonObject;
  readonly answers: InputAnswers | undefined;
  /** Members of `params` that only the configuration knows; they go on as they are. */
  readonly extra?: JsonObject | undefined;
}

export interface ResourceReadRequest {
  readonly method: 'resources/read';
  readonly uri: string;
  readonly meta: JsonObject;
  readonly answers: InputAnswers | undefined;
  /** Members of `params` that only the configuration knows; they go on as they are. */
  readonly extra?: JsonObject | undefined;
}

export interface CompletionRequest {
  readonly method: 'completion/complete';
  readonly ref: JsonObject;
  readonly argument: JsonObject;
  readonly context: JsonObject | undefined;
  readonly meta: JsonObject;
  /** Members of `params` that only the configuration knows; they go on as they are. */
  readonly extra?: JsonObject | undefined;
}

export interface TaskRequest {
  readonly method: 'tasks/get' | 'tasks/list' | 'tasks/result' | 'tasks/update' | 'tasks/cancel';
  readonly params: JsonObject;
  readonly meta: JsonObject;
}

/** A method that is not of the protocol or that nobody here answers: denied and recorded, or listed in the configuration. */
export interface OtherRequest {
  readonly method: 'other';
  readonly asked: string;
  readonly params: JsonObject;
  readonly meta: JsonObject;
}

export interface WatchRequest {
  readonly uri: string;
  readonly meta: JsonObject;
  /** Gets the params of each `notifications/resources/updated`, with the URI as the client knows it. */
  readonly onUpdated: (params: JsonObject) => void;
}

export type Watch =
  | { readonly kind: 'watching'; readonly stop: () => Promise<void> }
  | { readonly kind: 'refused'; readonly error: RpcError };

export interface FollowRequest {
  /** As the client knows them. */
  readonly taskIds: readonly string[];
  /** Gets the params of each `notifications/tasks`, with the id as the client knows it. */
  readonly onChanged: (params: JsonObject) => void;
}

export type Following =
  | {
      readonly kind: 'following';
      /** Of those that were asked for the ones that will be told of. */
      readonly taskIds: readonly string[];
      readonly stop: () => void;
    }
  | { readonly kind: 'refused'; readonly error: RpcError };

/** What a stateless client sends with a request that it repeats because it was asked for input (MCP 2026-07-28). */
export interface InputAnswers {
  readonly responses: JsonObject;
  /** As it was given to the client; undefined where it sends none. */
  readonly state: string | undefined;
}

/** One request in flight. */
export interface Exchange {
  /** How it came; absent where it is not the request of a client. */
  readonly origin?: Origin | undefined;
  /** Aborts when the client cancels or goes away. */
  readonly signal: StopSignal;
  /** JSON pointers of parameters that the protocol does not know; they go nowhere. */
  readonly dropped: readonly string[];
  /** Passes on the parameters of a `notifications/progress`, less the token; absent when the client asked for none. */
  readonly onProgress: ((params: JsonObject) => void) | undefined;
  /** Log messages from this level on are wanted with this request; undefined where none are. */
  readonly logLevel: LogLevel | undefined;
  /** Passes on a notification that belongs to this request, such as `notifications/message`. */
  readonly notify: (method: string, params: JsonObject) => void;
  /** Asks the client on the road of this request. Undefined where the client takes questions as `input_required`. */
  readonly ask: Ask | undefined;
}

/**
 * The client's answer to a request of a server. Rejects with CLIENT_GONE or CANCELLED. `onProgress` gets the parameters of
 * each `notifications/progress` of the client, less the token.
 */
export type Ask = (
  question: ServerQuestion,
  signal: StopSignal,
  onProgress?: (params: JsonObject) => void,
) => Promise<RpcAnswer>;

export interface ServerQuestion {
  readonly method: 'sampling/createMessage' | 'elicitation/create' | 'roots/list';
  readonly params: JsonObject;
}

/** Where a caller is told what belongs to no request of its. */
export interface Audience {
  listChanged(list: ListName): void;
  /** `notifications/message`, `notifications/elicitation/complete`, `notifications/tasks/status` … */
  notify(method: string, params: JsonObject): void;
  /** Log messages from this level on are wanted; undefined where none are. */
  logLevel(): LogLevel | undefined;
  readonly ask: Ask | undefined;
}
