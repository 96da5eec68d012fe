import { RPC, type RpcAnswer, type RpcError } from '../core/rpc.ts';
import type { JsonObject } from '../core/json.ts';
import { callTool, type CallSteps } from './call-tool.ts';
import type { Conversations } from './conversation.ts';
import { type ListParts, listTools } from './list-tools.ts';
import type { Caller, Exchange, GatewayPort, ToolCallRequest } from './port.ts';
import { type Question, rule } from './rule.ts';
import type { Toolbox } from './toolbox.ts';

/** What an agent is, beside its id, by the configuration. */
export interface AgentProfile {
  readonly scope: string;
  readonly owner_team: string;
  readonly model: string;
}

export interface GatewayParts {
  readonly toolbox: Toolbox;
  readonly calls: CallSteps;
  readonly lists: ListParts;
  readonly conversations: Conversations;
  readonly profileOf: (agent: string) => AgentProfile | undefined;
  readonly instructions: () => string;
  /** The instances that were the session's own end. */
  readonly endInstances: (session: string) => Promise<void>;
}

/**
 * The gateway behind every door. The doors open at once; what it stands on may still be on its way, and until it is
 * there nothing is listed, called or refused.
 */
export class Gateway implements GatewayPort {
  readonly #parts: Promise<GatewayParts>;
  readonly #listeners = new Set<() => void>();
  readonly #callers = new WeakMap<Caller, Caller>();
  #arrived: GatewayParts | undefined;

  constructor(parts: Promise<GatewayParts>) {
    this.#parts = parts;
    parts.then(
      (arrived) => this.#arrive(arrived),
      // Whoever asks is told why; there is nobody to tell before.
      () => undefined,
    );
  }

  instructions(): string {
    return this.#arrived?.instructions() ?? '';
  }

  async listTools(caller: Caller, exchange: Exchange): Promise<readonly JsonObject[]> {
    const parts = await this.#parts;
    await parts.toolbox.settled();
    return listTools(this.#known(caller, parts), exchange, parts.lists);
  }

  async callTool(request: ToolCallRequest, caller: Caller, exchange: Exchange): Promise<RpcAnswer> {
    const parts = this.#arrived ?? (await this.#parts);
    if (!parts.toolbox.routes.has(request.name)) await parts.toolbox.settled();
    return callTool({ request, caller: this.#known(caller, parts), exchange }, parts.calls);
  }

  async refuseMethod(method: string, caller: Caller, exchange: Exchange): Promise<RpcError> {
    const parts = await this.#parts;
    const { lists } = parts;
    const { record } = rule(refusedMethod(method, this.#known(caller, parts), exchange), lists.court());
    await lists.append(record);
    return { code: RPC.methodNotFound, message: `The method ${method} is not available here.` };
  }

  onToolsChanged(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async endSession(session: string): Promise<void> {
    const parts = await this.#parts;
    parts.conversations.end(session);
    await parts.endInstances(session);
  }

  /** The caller with what the configuration says of its agent: one object for as long as the session lasts. */
  #known(caller: Caller, { profileOf }: GatewayParts): Caller {
    const before = this.#callers.get(caller);
    if (before !== undefined) return before;
    const profile = profileOf(caller.principal.agent.id);
    const { agent, user } = caller.principal;
    const known = profile === undefined ? caller : { ...caller, principal: { agent: { ...agent, ...profile }, user } };
    this.#callers.set(caller, known);
    return known;
  }

  #arrive(parts: GatewayParts): void {
    this.#arrived = parts;
    parts.toolbox.onChanged(() => {
      for (const listener of this.#listeners) listener();
    });
  }
}

function refusedMethod(method: string, caller: Caller, exchange: Exchange): Question {
  return {
    caller,
    action: 'method',
    server: '',
    tool: '',
    own: [{ reason: 'gateway.method_not_allowed', internal: '', rules: [], params: { method } }],
    input: undefined,
    dropped: exchange.dropped,
    traceId: '',
  };
}
