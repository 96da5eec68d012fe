import { isJsonObject, type JsonObject } from '../core/json.ts';
import { isLogLevel, isSessionVersion, SESSION_VERSIONS } from '../core/protocol.ts';
import { isRpcId } from '../core/rpc-parse.ts';
import type { RpcAnswer, RpcNotification, RpcRequest } from '../core/rpc.ts';
import type { Caller, Exchange, GatewayPort, Introduction } from '../gateway/port.ts';
import { failureOfThrown, invalidParams, invalidRequest, resultOf } from './answer.ts';
import { readClientRequest, readSubscription } from './client-request.ts';
import { ClientSide, type ClientSideOptions } from './client-side.ts';
import { type Identity, principalOf, readClientInfo, UNKNOWN_CLIENT } from './identity.ts';
import { endWith, InFlight, logUnforeseen } from './in-flight.ts';
import type { Outlet } from './outlet.ts';
import type { ReceivedMessage } from './receive.ts';
import { shapeSession } from './session-results.ts';
import type { Turns } from './turns.ts';
import { Watches } from './watches.ts';

export interface SessionOptions extends ClientSideOptions {
  readonly id: string;
  readonly gateway: GatewayPort;
  readonly identity: Identity;
  readonly serverInfo: ServerInfo;
  readonly turns: Turns;
}

export interface ServerInfo {
  readonly name: string;
  readonly version: string;
}

/**
 * One client in a revision of MCP with `initialize`: what it may ask when, what it is told, and what it is asked. Knows
 * no transport. What it does not answer itself it hands to the gateway, which refuses and records what it does not know.
 */
export class Session {
  readonly id: string;
  readonly #options: SessionOptions;
  readonly #inFlight: InFlight;
  readonly #watches: Watches;
  readonly #client: ClientSide;
  #caller: Caller;
  #state: 'opened' | 'initialized' | 'ready' | 'ended' = 'opened';
  #leave: (() => void) | undefined = undefined;

  constructor(options: SessionOptions) {
    const { id, gateway, identity, turns, logger } = options;
    this.id = id;
    this.#options = options;
    this.#inFlight = new InFlight(turns.laneOf(identity), logger);
    this.#watches = new Watches(gateway, logger);
    this.#client = new ClientSide(options);
    const client = { ...UNKNOWN_CLIENT, protocol: '' };
    const principal = principalOf(identity, UNKNOWN_CLIENT);
    this.#caller = { session: id, principal, client, era: 'session', capabilities: {} };
  }

  /** Empty until the client has said `initialize`. */
  get protocol(): string {
    return this.#caller.client.protocol;
  }

  get isBusy(): boolean {
    return this.#inFlight.size > 0;
  }

  /** Ends the outlet of a request, sooner or later. Nothing else is answered. */
  receive(received: ReceivedMessage, outlet: Outlet): void {
    const { message, dropped, byteLength } = received;
    if (message.kind === 'request') return this.#handleSafely({ request: message, dropped, byteLength, outlet });
    if (message.kind === 'notification') return this.#take(message);
    return this.#client.settle(message);
  }

  /** Resolves when no request waits for its answer any more. */
  drained(): Promise<void> {
    return this.#inFlight.drained();
  }

  /** Cancels what is in flight and ends the upstreams' side. Safe to call again. */
  async end(): Promise<void> {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#leave?.();
    this.#client.close();
    this.#inFlight.cancelAll('The session has ended.');
    this.#watches.close();
    await this.#options.gateway.endSession(this.id);
  }

  #take({ method, params }: RpcNotification): void {
    if (method === 'notifications/initialized') return this.#attend();
    if (method === 'notifications/cancelled') {
      const { requestId } = params;
      return isRpcId(requestId) ? this.#inFlight.cancel(requestId, 'The client cancelled the request.') : undefined;
    }
    if (method === 'notifications/progress') return this.#client.progress(params);
    const isNews = method === 'notifications/roots/list_changed' && this.#state === 'ready';
    return isNews ? this.#options.gateway.tell({ kind: 'roots_changed' }, this.#caller) : undefined;
  }

  /** From now on the client hears what belongs to no request. */
  #attend(): void {
    if (this.#state !== 'initialized') return;
    this.#state = 'ready';
    this.#leave = this.#options.gateway.attend(this.#caller, this.#client.audience());
  }

  /** One request that finds a bug must not take the other sessions of this process with it. */
  #handleSafely(asked: Asked): void {
    try {
      this.#handle(asked);
    } catch (thrown) {
      logUnforeseen(thrown, this.#options.logger);
      endWith(asked.outlet, asked.request.id, failureOfThrown(thrown));
    }
  }

  #handle(asked: Asked): void {
    const { request, dropped, outlet } = asked;
    const { id, method, params } = request;
    if (method === 'ping') return endWith(outlet, id, resultOf({}));
    if (method === 'initialize') return this.#initialize(asked);
    if (this.#state === 'ended') return endWith(outlet, id, invalidRequest('The session has ended.'));
    if (this.#state === 'opened' && method !== 'server/discover') {
      return endWith(outlet, id, invalidRequest('The session is not initialized: send initialize first.'));
    }
    if (method === 'logging/setLevel') return endWith(outlet, id, this.#setLogLevel(params));
    if (method === 'resources/subscribe') return this.#subscribe(asked);
    if (method === 'resources/unsubscribe') return endWith(outlet, id, this.#unsubscribe(params));
    const read = readClientRequest(request, 'session');
    if (read.kind === 'invalid') return endWith(outlet, id, invalidParams(read.message));
    const { progressToken } = read;
    const { byteLength } = asked;
    const all = read.dropped.length === 0 ? dropped : [...dropped, ...read.dropped];
    return this.#run({ request, outlet, dropped: all, byteLength, progressToken }, (exchange) =>
      this.#options.gateway.answer(read.request, this.#caller, exchange),
    );
  }

  #initialize(asked: Asked): void {
    const { request, outlet } = asked;
    const { id, params } = request;
    const { protocolVersion, clientInfo, capabilities } = params;
    if (this.#state !== 'opened') return endWith(outlet, id, invalidRequest('The session is initialized already.'));
    if (typeof protocolVersion !== 'string') {
      return endWith(outlet, id, invalidParams('The protocolVersion must be a text.'));
    }
    const { identity, gateway } = this.#options;
    const client = { ...readClientInfo(clientInfo), protocol: negotiated(protocolVersion) };
    const can = isJsonObject(capabilities) ? capabilities : {};
    const principal = principalOf(identity, client);
    this.#caller = { session: this.id, principal, client, era: 'session', capabilities: can };
    this.#client.meet(can);
    this.#state = 'initialized';
    return this.#run(asked, async ({ origin }) =>
      resultOf(this.#welcome(await gateway.introduce(this.#caller, origin))),
    );
  }

  #welcome({ capabilities, instructions }: Introduction): JsonObject {
    const welcome = { protocolVersion: this.protocol, capabilities, serverInfo: { ...this.#options.serverInfo } };
    return instructions === '' ? welcome : { ...welcome, instructions };
  }

  #setLogLevel({ level }: JsonObject): RpcAnswer {
    if (!isLogLevel(level)) return invalidParams('There is no such log level.');
    this.#client.logLevel = level;
    this.#options.gateway.tell({ kind: 'log_level', level }, this.#caller);
    return resultOf({});
  }

  #subscribe({ request, dropped, byteLength, outlet }: Asked): void {
    const read = readSubscription(request.params);
    if (read.kind === 'invalid') return endWith(outlet, request.id, invalidParams(read.message));
    const { uri, meta, progressToken } = read;
    const onUpdated = (update: JsonObject): void => this.#client.tell('notifications/resources/updated', update);
    return this.#run({ request, outlet, dropped, byteLength, progressToken }, (exchange) =>
      this.#watches.subscribe({ uri, meta, onUpdated }, this.#caller, exchange),
    );
  }

  #unsubscribe({ uri }: JsonObject): RpcAnswer {
    if (typeof uri !== 'string') return invalidParams('The uri must be a text.');
    this.#watches.unsubscribe(uri);
    return resultOf({});
  }

  #run(asked: Asked, work: (exchange: Exchange) => Promise<RpcAnswer>): void {
    const { request, outlet, dropped, byteLength, progressToken } = asked;
    const { id, method } = request;
    const ask = this.#client.askOver(outlet);
    const { logLevel } = this.#client;
    const shape = (answer: RpcAnswer): RpcAnswer => shapeSession(method, answer);
    const era = 'session';
    this.#inFlight.run({ id, key: id, outlet, byteLength, era, dropped, progressToken, logLevel, ask, shape }, work);
  }
}

interface Asked {
  readonly request: RpcRequest;
  readonly outlet: Outlet;
  readonly dropped: readonly string[];
  readonly byteLength: number;
  readonly progressToken?: string | number | undefined;
}

/** The version asked for where it is spoken, else the newest: the client then decides whether to stay. */
function negotiated(requested: string): string {
  return isSessionVersion(requested) ? requested : SESSION_VERSIONS[0];
}
