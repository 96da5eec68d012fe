import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { RpcAnswer } from '../core/rpc.ts';
import type { Caller, Exchange, GatewayPort, WatchRequest } from '../gateway/port.ts';
import { failureOf, resultOf, tooMany } from './answer.ts';

/** Resources that one session may watch at a time. */
const MAX_WATCHES = 1000;

/** The resources that a session has subscribed to. */
export class Watches {
  readonly #gateway: GatewayPort;
  readonly #logger: Logger;
  #stops: Map<string, Stop> | undefined = new Map();

  constructor(gateway: GatewayPort, logger: Logger) {
    this.#gateway = gateway;
    this.#logger = logger;
  }

  /** A resource that is watched already is decided anew, and then watched once. */
  async subscribe(request: WatchRequest, caller: Caller, exchange: Exchange): Promise<RpcAnswer> {
    if ((this.#stops?.size ?? 0) >= MAX_WATCHES)
      return tooMany(`A session watches at most ${String(MAX_WATCHES)} resources.`);
    const watch = await this.#gateway.watch(request, caller, exchange);
    if (watch.kind === 'refused') return failureOf(watch.error);
    const before = this.#stops?.get(request.uri);
    this.#stops?.set(request.uri, watch.stop);
    // The session may have ended, or the client have changed its mind, while the gateway decided.
    if (this.#stops === undefined || exchange.signal.aborted) this.#drop(request.uri, watch.stop);
    if (before !== undefined) this.#stop(before);
    return resultOf({});
  }

  /** Says yes to what was not watched as well: the client has what it wanted. */
  unsubscribe(uri: string): void {
    const stop = this.#stops?.get(uri);
    if (stop !== undefined) this.#drop(uri, stop);
  }

  close(): void {
    const stops = this.#stops?.values() ?? [];
    this.#stops = undefined;
    for (const stop of stops) this.#stop(stop);
  }

  #drop(uri: string, stop: Stop): void {
    this.#stops?.delete(uri);
    this.#stop(stop);
  }

  #stop(stop: Stop): void {
    stop().catch((error: unknown) => {
      this.#logger.debug('A subscription could not be ended.', { error: messageOf(error) });
    });
  }
}

type Stop = () => Promise<void>;
