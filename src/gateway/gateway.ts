import { setTimeout as wait } from 'node:timers/promises';
import type { HeaderParam } from '../core/header-params.ts';
import type { ServerId } from '../core/names.ts';
import type { Observer, Origin } from '../core/observer.ts';
import { RPC, type RpcAnswer, type RpcNotification, type RpcRequest } from '../core/rpc.ts';
import { abortSignalOf } from '../core/stop.ts';
import { fill } from '../policy/author-text.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { InstanceHost, InstanceOf } from '../upstream/instance-host.ts';
import type { Agents } from './agents.ts';
import { Audiences, type Listener } from './audiences.ts';
import { completionWay } from './completion-way.ts';
import { rememberedAs } from './conversation.ts';
import { type Asked, govern, type Steps } from './govern.ts';
import { listItems } from './list-items.ts';
import { mergeCapabilities } from './merged-capabilities.ts';
import { answerOther, type OtherMethodParts } from './other-method.ts';
import { callWithSignIn, type SignInOffer } from './offer-sign-in.ts';
import { observed } from './observing.ts';
import { ownReason } from './own-reasons.ts';
import { placeNamedIn } from './places.ts';
import type { PolicyInForce } from './policy-in-force.ts';
import type {
  Audience,
  Caller,
  ClientNews,
  ClientRequest,
  CompletionRequest,
  Exchange,
  Following,
  FollowRequest,
  GatewayPort,
  Introduction,
  PromptGetRequest,
  ResourceReadRequest,
  ToolCallRequest,
  Watch,
  WatchRequest,
} from './port.ts';
import { promptWay } from './prompt-way.ts';
import { refuseQuestion } from './question-decision.ts';
import { resourceWay } from './resource-way.ts';
import type { PromptRoute, ResourceRoute, Route } from './route.ts';
import { stepsOf } from './steps.ts';
import type { ToolRoute } from './tool-route.ts';
import { type ToolWayParts, toolWay } from './tool-way.ts';
import { watchObserved, watchResource } from './watch-resource.ts';
import { WatchedSessions } from './watched-sessions.ts';

export interface GatewayParts extends ToolWayParts, OtherMethodParts {
  readonly policy: PolicyInForce;
  readonly agents: Agents;
  readonly keyedId: (text: string) => string;
  readonly beginSignIn?: SignInOffer['beginSignIn'] | undefined;
  /** The tag of this gateway; undefined where no other shares the store from another host. */
  readonly place?: string | undefined;
  /** What a server says of itself; empty where it says nothing or was never reached. */
  readonly instructionsOf: (server: ServerId) => string;
  /** Who watches; absent where nobody does. */
  readonly observer?: Observer | undefined;
  /** The instances that were the session's own end. */
  readonly endInstances: (session: string) => Promise<void>;
}

/** Parts that have arrived, with the steps of each governed method. */
interface Arrived {
  readonly parts: GatewayParts;
  readonly calls: Steps<ToolCallRequest, ToolRoute>;
  readonly prompts: Steps<PromptGetRequest, PromptRoute>;
  readonly reads: Steps<ResourceReadRequest, ResourceRoute>;
  readonly completions: Steps<CompletionRequest, Route>;
}

/** A client that connects while the gateway starts is told what is known by then. */
const INTRODUCTION_WAIT_MS = 1_000;

/**
 * The gateway behind every door. The doors open at once; what it stands on may still be on its way, and until it is
 * there nothing is listed, called or refused.
 */
export class Gateway implements GatewayPort {
  readonly #arriving: Promise<Arrived>;
  readonly #audiences = new Audiences();
  readonly #callers = new WeakMap<Caller, Caller>();
  #arrived: Arrived | undefined;
  readonly #sessions = new WatchedSessions();

  constructor(parts: Promise<GatewayParts>) {
    this.#arriving = parts.then((arrived) => this.#arrive(arrived));
    // Whoever asks is told why; there is nobody to tell before.
    this.#arriving.catch(() => undefined);
  }

  /** Hears what servers say outside of any request. */
  get host(): InstanceHost {
    return {
      onNotification: (from, notification) => this.#hear(from, notification),
      onRequest: (from, request, signal) => this.#answerServer(from, request, signal),
      onRefused: (from, request) => this.#noteRefused(from, request),
    };
  }

  async introduce(caller: Caller, origin?: Origin): Promise<Introduction> {
    const late = wait(INTRODUCTION_WAIT_MS, undefined, { ref: false });
    const arrived = this.#arrived ?? (await Promise.race([this.#arriving.catch(() => undefined), late]));
    if (arrived === undefined) return { capabilities: mergeCapabilities([undefined]), instructions: '' };
    const { directory, exposure, instructionsOf, signIns } = arrived.parts;
    this.#sessions.begin(caller, origin, arrived.parts);
    const known = this.#known(caller, arrived);
    const shown = directory.capabilities().filter(({ server: id }) => {
      const server = directory.servers.get(id);
      return server !== undefined && exposure.reachOf(server, known) !== 'out_of_reach';
    });
    const instructions = shown.flatMap(({ server }) => {
      const isLocked = signIns.stateOf(server, caller.principal.user.id) === 'required';
      const text = isLocked ? signInAdvice(server) : instructionsOf(server);
      return text === '' ? [] : [`${server}: ${text}`];
    });
    return { capabilities: mergeCapabilities(shown.map(({ has }) => has)), instructions: instructions.join('\n\n') };
  }

  async answer(request: ClientRequest, caller: Caller, exchange: Exchange): Promise<RpcAnswer> {
    const arrived = this.#arrived ?? (await this.#arriving);
    const known: Known = { caller: this.#known(caller, arrived), exchange };
    const { observer } = arrived.parts;
    if (observer === undefined) return answerKnown(request, known, arrived);
    const method = request.method === 'other' ? request.asked : request.method;
    const watched = { method, caller: known.caller, origin: exchange.origin, meta: request.meta };
    return observed(watched, observer, (observation) => answerKnown(request, { ...known, observation }, arrived));
  }

  async watch(request: WatchRequest, caller: Caller, exchange: Exchange): Promise<Watch> {
    const arrived = this.#arrived ?? (await this.#arriving);
    const asked: Asked<WatchRequest> = { request, caller: this.#known(caller, arrived), exchange };
    const { observer } = arrived.parts;
    return observer === undefined ? watchResource(asked, arrived.parts) : watchObserved(asked, observer, arrived.parts);
  }

  async followTasks(request: FollowRequest, caller: Caller, { signal }: Exchange): Promise<Following> {
    const arrived = this.#arrived ?? (await this.#arriving);
    return arrived.parts.dialogue.tasks.follow(request, this.#known(caller, arrived), abortSignalOf(signal));
  }

  attend(caller: Caller, audience: Audience): () => void {
    return this.#audiences.attend(caller, audience);
  }

  headerParams(tool: string, caller: Caller): readonly HeaderParam[] {
    const arrived = this.#arrived;
    const route = arrived?.parts.directory.tools.get(tool);
    if (arrived === undefined || route === undefined) return [];
    const isHidden = arrived.parts.exposure.visibilityOf(route, this.#known(caller, arrived)).kind === 'hidden';
    return isHidden ? [] : route.headerParams;
  }

  tell(news: ClientNews, caller: Caller): void {
    this.#arrived?.parts.instances.tell(news, caller);
  }

  /** As long as the parts have not arrived nothing lives here, so that what is named lives elsewhere. */
  placeOf(request: RpcRequest): string | undefined {
    return this.#arrived === undefined ? placeNamedIn(request) : this.#arrived.parts.dialogue.placeOf(request);
  }

  async endSession(session: string): Promise<void> {
    const { parts } = await this.#arriving;
    this.#sessions.end(session, parts);
    parts.conversations.end(session);
    parts.instances.endSession(session);
    await parts.endInstances(session);
  }

  /** Puts another generation in force. Resolves when it decides; clients are then told that their lists may have changed. */
  async enforce(policy: PolicySet): Promise<void> {
    const { parts } = await this.#arriving;
    await parts.policy.replace(policy);
  }

  /** The caller with what the configuration says of its agent: one object for as long as the session lasts. */
  #known(caller: Caller, { parts }: Arrived): Caller {
    const before = this.#callers.get(caller);
    if (before !== undefined) return before;
    const named = parts.agents.known(caller);
    const known = { ...named, remembered: rememberedAs(named, parts.keyedId) };
    this.#callers.set(caller, known);
    return known;
  }

  #hear(from: InstanceOf, notification: RpcNotification): void {
    if (this.#arrived === undefined) return;
    const { instances, dialogue } = this.#arrived.parts;
    const { method, params } = notification;
    // Instances of one server may give one id twice, each to its own.
    const isTold = (session: string): boolean => instances.isUsedBy(from.upstream, session);
    const task = dialogue.tasks.route(from.server, params, isTold);
    if (task !== undefined) {
      this.#audiences.relayTo(task.caller.session, { kind: 'notification', method, params: task.params });
      return;
    }
    const elicited =
      method === 'notifications/elicitation/complete' && typeof params['elicitationId'] === 'string'
        ? dialogue.elicitedSession(from.server, params['elicitationId'])
        : undefined;
    if (elicited === undefined || !isTold(elicited)) this.#audiences.relay(from, notification, instances);
    else this.#audiences.relayTo(elicited, notification);
  }

  async #answerServer(from: InstanceOf, request: RpcRequest, signal: AbortSignal): Promise<RpcAnswer> {
    const arrived = await this.#arriving;
    const { parts } = arrived;
    const server = parts.directory.servers.get(from.server);
    if (server === undefined) return NOT_ANSWERED;
    const listener = this.#whose(from, arrived);
    return parts.dialogue.asked({ server, request, signal, listener });
  }

  /** Recorded where it is clear of whose session. */
  #noteRefused(from: InstanceOf, { method }: RpcRequest): void {
    if (this.#arrived === undefined) return;
    const { parts } = this.#arrived;
    const server = parts.directory.servers.get(from.server);
    const listener = this.#whose(from, this.#arrived);
    if (server === undefined || listener === undefined) return;
    void refuseQuestion(method, { caller: listener.caller, server, call: undefined }, parts);
  }

  #whose(from: InstanceOf, arrived: Arrived): Listener | undefined {
    const listener = this.#audiences.whose(from, arrived.parts.instances);
    return listener && { ...listener, caller: this.#known(listener.caller, arrived) };
  }

  #arrive(parts: GatewayParts): Arrived {
    const arrived: Arrived = {
      parts,
      calls: stepsOf(toolWay(parts), parts),
      prompts: stepsOf(promptWay(parts), parts),
      reads: stepsOf(resourceWay(parts), parts),
      completions: stepsOf(completionWay(parts), parts),
    };
    this.#arrived = arrived;
    // A change of templates is told as one of resources.
    parts.directory.onChanged((list) => this.#audiences.listChanged(list === 'templates' ? 'resources' : list));
    return arrived;
  }
}

const NOT_ANSWERED: RpcAnswer = {
  kind: 'failure',
  error: { code: RPC.methodNotFound, message: 'Nobody here answers that.' },
};

/** Who asks, and how; the rest of what is `Asked`. */
type Known = Omit<Asked<never>, 'request'>;

async function answerKnown(request: ClientRequest, known: Known, arrived: Arrived): Promise<RpcAnswer> {
  const { parts, prompts, reads, completions } = arrived;
  switch (request.method) {
    case 'tools/call':
      return callTool({ request, ...known }, arrived);
    case 'prompts/get':
      return govern({ request, ...known }, prompts);
    case 'resources/read':
      return govern({ request, ...known }, reads);
    case 'completion/complete':
      return govern({ request, ...known }, completions);
    case 'tools/list':
    case 'prompts/list':
    case 'resources/list':
    case 'resources/templates/list':
      return listItems({ request, ...known }, parts);
    case 'tasks/get':
    case 'tasks/list':
    case 'tasks/result':
    case 'tasks/update':
    case 'tasks/cancel':
      return parts.dialogue.tasks.answer(request, known.caller, known.exchange);
    case 'other':
      return answerOther({ request, ...known }, parts);
  }
}

function callTool(asked: Asked<ToolCallRequest>, { parts, calls }: Arrived): Promise<RpcAnswer> {
  const call = (one: Asked<ToolCallRequest>): Promise<RpcAnswer> => govern(one, calls);
  const { beginSignIn, directory, place } = parts;
  if (beginSignIn === undefined) return call(asked);
  return callWithSignIn(asked, call, { beginSignIn, place, serverOf: (name) => directory.tools.get(name)?.server.id });
}

/** In place of what a server says of itself while it says nothing without a sign-in. */
function signInAdvice(server: ServerId): string {
  const { title, remediation } = ownReason('gateway.sign_in_required');
  return `${title}. ${fill(remediation, { server })}`;
}
