import { STATELESS_VERSIONS } from '../core/protocol.ts';
import type { RpcAnswer, RpcId, RpcRequest } from '../core/rpc.ts';
import type { Caller, Exchange } from '../gateway/port.ts';
import { failureOfThrown, invalidParams, resultOf } from './answer.ts';
import { readClientRequest, readMeta } from './client-request.ts';
import type { Envelope } from './envelope.ts';
import { endWith, type InFlight, logUnforeseen, usedTwice } from './in-flight.ts';
import { Listening, readFilter } from './listening.ts';
import type { Outlet } from './outlet.ts';
import type { ServerInfo } from './session.ts';
import { type CallersOptions, StatelessCallers, type StatelessClient } from './stateless-callers.ts';
import { shapeStateless } from './stateless-results.ts';

export interface StatelessOptions extends CallersOptions {
  readonly serverInfo: ServerInfo;
}

/** One request whose envelope has been read and found good. */
export interface StatelessRequest {
  readonly request: RpcRequest;
  readonly dropped: readonly string[];
  readonly byteLength: number;
  readonly envelope: Envelope;
  readonly client: StatelessClient;
  readonly caller: Caller;
  readonly outlet: Outlet;
  /** By what it is cancelled. */
  readonly key: RpcId | Outlet;
}

/** Clients of MCP 2026-07-28, request by request. Knows no transport. */
export class Stateless {
  readonly callers: StatelessCallers;
  readonly #options: StatelessOptions;
  readonly #closing = new AbortController();

  constructor(options: StatelessOptions) {
    this.#options = options;
    this.callers = new StatelessCallers(options);
  }

  /** Ends the outlet, sooner or later. One request that finds a bug must not take the others with it. */
  receive(asked: StatelessRequest): void {
    try {
      this.#handle(asked);
    } catch (thrown) {
      logUnforeseen(thrown, this.#options.logger);
      endWith(asked.outlet, asked.request.id, failureOfThrown(thrown));
    }
  }

  /** Ends what listens, and resolves when nothing waits for an answer any more. */
  async drained(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.callers.clients()].flatMap((one) => [one.inFlight.drained(), one.listening.drained()]));
  }

  /** Cancels what is in flight, and ends what belongs to the clients. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const { inFlight, listening } of this.callers.clients()) {
      inFlight.cancelAll('The gateway ends.');
      listening.cancelAll('The gateway ends.');
    }
    await this.callers.endAll();
  }

  #handle(asked: StatelessRequest): void {
    const { request, dropped, client, caller, outlet } = asked;
    const { id, method } = request;
    const { gateway } = this.#options;
    if (method === 'server/discover') return this.#run(asked, client.inFlight, () => this.#discover(caller));
    if (method === 'subscriptions/listen') return this.#listen(asked);
    const read = readClientRequest(request, 'stateless');
    if (read.kind === 'invalid') return endWith(outlet, id, invalidParams(read.message));
    const all = read.dropped.length === 0 ? dropped : [...dropped, ...read.dropped];
    // The new member first: V8 gives what is copied and then extended a hidden class of its own, each time anew.
    const run: Asked = { progressToken: read.progressToken, ...asked, dropped: all };
    return this.#run(run, client.inFlight, (exchange) => gateway.answer(read.request, caller, exchange));
  }

  async #discover(caller: Caller): Promise<RpcAnswer> {
    const introduction = await this.#options.gateway.introduce(caller);
    // Tasks of sessions are none of this revision, which has them as an extension.
    const { tasks: _, ...capabilities } = introduction.capabilities;
    const { instructions } = introduction;
    const found = { supportedVersions: [...STATELESS_VERSIONS], capabilities };
    return resultOf(instructions === '' ? found : { ...found, instructions });
  }

  #listen(asked: StatelessRequest): void {
    const { request, client, caller, outlet } = asked;
    const { gateway, logger } = this.#options;
    const { id, params } = request;
    const filter = readFilter(params);
    const meta = readMeta(params);
    if (typeof filter === 'string') return endWith(outlet, id, invalidParams(filter));
    if (meta.kind === 'invalid') return endWith(outlet, id, invalidParams(meta.message));
    const { signal: closing } = this.#closing;
    const listening = new Listening({ id, filter, meta: meta.meta, caller, gateway, outlet, closing, logger });
    return this.#run(asked, client.listening, (exchange) => listening.run(exchange));
  }

  #run(asked: Asked, inFlight: InFlight, work: (exchange: Exchange) => Promise<RpcAnswer>): void {
    const { request, client, key, outlet, byteLength, dropped, envelope, progressToken } = asked;
    const { id, method } = request;
    // What listens is counted by itself, but cancelled by its id like all the others.
    if (client.inFlight.has(key) || client.listening.has(key)) return endWith(outlet, id, usedTwice());
    const { logLevel } = envelope;
    const shape = (answer: RpcAnswer): RpcAnswer => shapeStateless(method, answer, this.#options.serverInfo);
    const ask = undefined;
    const era = 'stateless';
    inFlight.run({ id, key, outlet, byteLength, era, dropped, progressToken, logLevel, ask, shape }, work);
  }
}

interface Asked extends StatelessRequest {
  readonly progressToken?: RpcId | undefined;
}
