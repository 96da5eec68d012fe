import { GatewayError, messageOf } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import { isRpcId } from '../core/rpc-parse.ts';
import type { RpcAnswer, RpcId, RpcNotification, RpcRequest } from '../core/rpc.ts';
import type { Caller, Exchange, GatewayPort } from '../gateway/port.ts';
import {
  answerText,
  failureOf,
  failureOfThrown,
  invalidParams,
  invalidRequest,
  notificationText,
  resultOf,
  tooManyInFlight,
} from './answer.ts';
import { readCallParams } from './call-params.ts';
import { type Identity, principalOf, readClientInfo, UNKNOWN_CLIENT } from './identity.ts';
import type { ReceivedMessage } from './receive.ts';
import { negotiateVersion } from './versions.ts';

export interface SessionOptions {
  readonly id: string;
  readonly gateway: GatewayPort;
  readonly identity: Identity;
  readonly serverInfo: ServerInfo;
  /** Requests that may wait for their answers at one time. */
  readonly maxInFlight: number;
  readonly logger: Logger;
  /** Sends a message that belongs to no request. */
  readonly announce: (text: string) => void;
}

export interface ServerInfo {
  readonly name: string;
  readonly version: string;
}

/** Milliseconds by which progress reaches the client ahead of the answer. */
const PROGRESS_LEAD_MS = 5;

/** Where one request is answered. */
export interface Outlet {
  /** Passes on a message that belongs to the request and comes before its answer. */
  notify(text: string): void;
  /** The answer; undefined where there is none, because the client has cancelled. Called once. */
  end(text: string | undefined): void;
}

/**
 * One client in a revision of MCP with `initialize`: what it may ask when, and what is its to be told. Knows no
 * transport. Answers nothing that `capabilities` does not promise: the rest is refused and recorded by the gateway.
 */
export class Session {
  readonly id: string;
  readonly #options: SessionOptions;
  readonly #inFlight = new Map<RpcId, AbortController>();
  #caller: Caller;
  #state: 'opened' | 'initialized' | 'ready' | 'ended' = 'opened';
  readonly #onDrained: (() => void)[] = [];

  constructor(options: SessionOptions) {
    this.id = options.id;
    this.#options = options;
    const principal = principalOf(options.identity, UNKNOWN_CLIENT);
    this.#caller = { session: options.id, principal, client: { ...UNKNOWN_CLIENT, protocol: '' } };
  }

  get protocol(): string {
    return this.#caller.client.protocol;
  }

  get isBusy(): boolean {
    return this.#inFlight.size > 0;
  }

  /** Ends the outlet of a request, sooner or later. Nothing else is answered. */
  receive(received: ReceivedMessage, outlet: Outlet): void {
    const { message, dropped } = received;
    if (message.kind === 'request') this.#handleSafely(message, dropped, outlet);
    else if (message.kind === 'notification') this.#take(message);
    // No request of ours is open, so nobody waits for an answer.
    else this.#options.logger.debug('An answer to no request was dropped.');
  }

  /** What `tools/list` answers may have changed. */
  toolsChanged(): void {
    if (this.#state === 'ready') this.#options.announce(notificationText('notifications/tools/list_changed'));
  }

  /** Resolves when no request waits for its answer any more. */
  drained(): Promise<void> {
    if (!this.isBusy) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onDrained.push(resolve);
    });
  }

  /** Cancels what is in flight and ends the upstreams' side. Safe to call again. */
  async end(): Promise<void> {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    for (const controller of this.#inFlight.values()) controller.abort(cancelled('The session has ended.'));
    await this.#options.gateway.endSession(this.id);
  }

  #take(notification: RpcNotification): void {
    const { method, params } = notification;
    if (method === 'notifications/initialized' && this.#state === 'initialized') this.#state = 'ready';
    if (method !== 'notifications/cancelled') return;
    const { requestId } = params;
    if (isRpcId(requestId)) this.#inFlight.get(requestId)?.abort(cancelled('The client cancelled the request.'));
  }

  /** One request that finds a bug must not take the other sessions of this process with it. */
  #handleSafely(request: RpcRequest, dropped: readonly string[], outlet: Outlet): void {
    try {
      this.#handle(request, dropped, outlet);
    } catch (thrown) {
      this.#logUnforeseen(thrown);
      outlet.end(answerText(request.id, failureOfThrown(thrown)));
    }
  }

  #handle(request: RpcRequest, dropped: readonly string[], outlet: Outlet): void {
    const { id, method } = request;
    if (method === 'ping') return outlet.end(answerText(id, resultOf({})));
    if (method === 'initialize') return outlet.end(answerText(id, this.#initialize(request.params)));
    const isOffered = method === 'tools/list' || method === 'tools/call';
    if (isOffered && this.#state !== 'initialized' && this.#state !== 'ready') {
      return outlet.end(answerText(id, invalidRequest('The session is not initialized: send initialize first.')));
    }
    if (method === 'tools/list') return this.#list(request, dropped, outlet);
    if (method === 'tools/call') return this.#call(request, dropped, outlet);
    return this.#run({ id, outlet, dropped, progressToken: undefined, hasProgressed: false }, async (exchange) =>
      failureOf(await this.#options.gateway.refuseMethod(method, this.#caller, exchange)),
    );
  }

  #initialize(params: JsonObject): RpcAnswer {
    const { gateway, identity, serverInfo } = this.#options;
    const { protocolVersion, clientInfo } = params;
    if (this.#state !== 'opened') return invalidRequest('The session is initialized already.');
    if (typeof protocolVersion !== 'string') return invalidParams('The protocolVersion must be a text.');
    const protocol = negotiateVersion(protocolVersion);
    const client = readClientInfo(clientInfo);
    this.#caller = { session: this.id, principal: principalOf(identity, client), client: { ...client, protocol } };
    this.#state = 'initialized';
    const instructions = gateway.instructions(this.#caller);
    return resultOf({
      protocolVersion: protocol,
      capabilities: { tools: { listChanged: true } },
      serverInfo: { ...serverInfo },
      ...(instructions === '' ? {} : { instructions }),
    });
  }

  /** One page holds all, so there is no cursor that a client could have from us. */
  #list(request: RpcRequest, dropped: readonly string[], outlet: Outlet): void {
    const { id, params } = request;
    if (params['cursor'] !== undefined) return outlet.end(answerText(id, invalidParams('There is no such cursor.')));
    return this.#run({ id, outlet, dropped, progressToken: undefined, hasProgressed: false }, async (exchange) =>
      resultOf({ tools: await this.#options.gateway.listTools(this.#caller, exchange) }),
    );
  }

  #call(request: RpcRequest, dropped: readonly string[], outlet: Outlet): void {
    const { id } = request;
    const params = readCallParams(request.params);
    if (params.kind === 'invalid') return outlet.end(answerText(id, invalidParams(params.message)));
    const { call, progressToken } = params;
    return this.#run(
      { id, outlet, dropped: [...dropped, ...params.dropped], progressToken, hasProgressed: false },
      (exchange) => this.#options.gateway.callTool(call, this.#caller, exchange),
    );
  }

  #run(started: Started, work: (exchange: Exchange) => Promise<RpcAnswer>): void {
    const { id, outlet, dropped } = started;
    const { maxInFlight } = this.#options;
    if (this.#inFlight.size >= maxInFlight) return outlet.end(answerText(id, tooManyInFlight(maxInFlight)));
    if (this.#inFlight.has(id)) {
      return outlet.end(answerText(id, invalidRequest('A request with this id is in flight already.')));
    }
    const controller = new AbortController();
    this.#inFlight.set(id, controller);
    const onProgress = this.#progressOf(started, controller);
    work({ signal: controller.signal, dropped, onProgress }).then(
      (answer) => this.#finish(started, controller, answer),
      (thrown: unknown) => this.#fail(started, controller, thrown),
    );
    return undefined;
  }

  #progressOf(started: Started, controller: AbortController): Exchange['onProgress'] {
    const { id, outlet, progressToken } = started;
    if (progressToken === undefined) return undefined;
    return (params) => {
      if (this.#inFlight.get(id) !== controller || controller.signal.aborted) return;
      started.hasProgressed = true;
      outlet.notify(notificationText('notifications/progress', { ...params, progressToken }));
    };
  }

  #fail(started: Started, controller: AbortController, thrown: unknown): void {
    if (!controller.signal.aborted) this.#logUnforeseen(thrown);
    this.#finish(started, controller, failureOfThrown(thrown));
  }

  #logUnforeseen(thrown: unknown): void {
    if (thrown instanceof GatewayError) return;
    this.#options.logger.error('A request failed for a reason that nobody foresaw.', { error: messageOf(thrown) });
  }

  /**
   * The SDK's clients forget a request when they read its answer, before they look at progress that they read in the same
   * piece. So the answer to a request that has shown progress comes a little later.
   */
  #finish(started: Started, controller: AbortController, answer: RpcAnswer): void {
    if (started.hasProgressed) setTimeout(() => this.#deliver(started, controller, answer), PROGRESS_LEAD_MS);
    else this.#deliver(started, controller, answer);
  }

  /** A cancelled request is not answered (2025-11-25, Cancellation). */
  #deliver(started: Started, controller: AbortController, answer: RpcAnswer): void {
    this.#inFlight.delete(started.id);
    started.outlet.end(controller.signal.aborted ? undefined : answerText(started.id, answer));
    if (!this.isBusy) for (const resolve of this.#onDrained.splice(0)) resolve();
  }
}

/** A request on its way. */
interface Started {
  readonly id: RpcId;
  readonly outlet: Outlet;
  readonly dropped: readonly string[];
  readonly progressToken: RpcId | undefined;
  hasProgressed: boolean;
}

function cancelled(message: string): GatewayError {
  return new GatewayError('CANCELLED', message);
}
