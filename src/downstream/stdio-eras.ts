import { randomBytes } from 'node:crypto';

import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import { type Era, isStatelessVersion, STATELESS_VERSIONS } from '../core/protocol.ts';
import { isRpcId } from '../core/rpc-parse.ts';
import type { RpcAnswer, RpcMessage, RpcRequest } from '../core/rpc.ts';
import type { GatewayPort } from '../gateway/port.ts';
import { invalidParams, tooMany, unsupportedVersion } from './answer.ts';
import { claimsEnvelope, isEnveloped, readEnvelope } from './envelope.ts';
import type { Identity } from './identity.ts';
import { endWith } from './in-flight.ts';
import type { Outlet } from './outlet.ts';
import type { ReceivedMessage } from './receive.ts';
import { type ServerInfo, Session } from './session.ts';
import { Stateless } from './stateless.ts';
import { type TurnLimits, Turns } from './turns.ts';

export interface StdioErasOptions {
  readonly gateway: GatewayPort;
  readonly identity: Identity;
  readonly serverInfo: ServerInfo;
  readonly limits: TurnLimits;
  readonly logger: Logger;
  readonly announce: (text: string) => void;
  readonly outlet: Outlet;
}

/** Names that one client on one pair of streams may give itself, one after the other. */
const MAX_CLIENTS = 16;

/**
 * The client of a pair of streams, in whichever era it speaks: its opening message says so. A client that tries
 * `server/discover` first and then says `initialize` has made up its mind, and from then on is in a session.
 */
export class StdioEras {
  readonly #options: StdioErasOptions;
  readonly #session: Session;
  readonly #stateless: Stateless;
  #era: Era | undefined = undefined;

  constructor(options: StdioErasOptions) {
    this.#options = options;
    const id = randomBytes(16).toString('hex');
    const turns = new Turns(options.limits);
    const { maxInFlight } = options.limits;
    this.#session = new Session({ ...options, id, turns, maxInFlight, isListening: () => true });
    this.#stateless = new Stateless({ ...options, turns, maxClients: MAX_CLIENTS, idleMs: Infinity, clock: NO_CLOCK });
  }

  receive(received: ReceivedMessage): void {
    const { outlet } = this.#options;
    const era = this.#eraOf(received.message);
    if (era === 'session') return this.#session.receive(received, outlet);
    const { message } = received;
    if (message.kind === 'request') return this.#answer(message, received);
    if (message.kind !== 'notification' || message.method !== 'notifications/cancelled') return undefined;
    const { requestId } = message.params;
    return isRpcId(requestId) ? this.#cancel(requestId) : undefined;
  }

  async drained(): Promise<void> {
    await Promise.all([this.#session.drained(), this.#stateless.drained()]);
  }

  async end(): Promise<void> {
    await Promise.all([this.#session.end(), this.#stateless.close()]);
  }

  #eraOf(message: RpcMessage): Era {
    if (this.#era === 'session' || message.kind === 'result' || message.kind === 'failure') return 'session';
    if (message.method === 'initialize' && !isEnveloped(message.params)) {
      this.#era = 'session';
      return 'session';
    }
    if (this.#era === undefined && isEnveloped(message.params)) this.#era = 'stateless';
    return this.#era ?? (claimsEnvelope(message.params) ? 'stateless' : 'session');
  }

  #answer(request: RpcRequest, { dropped, byteLength }: ReceivedMessage): void {
    const { identity, outlet } = this.#options;
    const { id } = request;
    const read = readEnvelope(request.params);
    if (read.kind === 'invalid') return endWith(outlet, id, invalidParams(read.message));
    const { envelope } = read;
    if (!isStatelessVersion(envelope.protocol)) {
      return endWith(outlet, id, unsupportedVersion(envelope.protocol, STATELESS_VERSIONS));
    }
    const found = this.#stateless.callers.find(identity, envelope);
    if (found === undefined) return endWith(outlet, id, MANY_CLIENTS);
    return this.#stateless.receive({ ...found, request, dropped, byteLength, envelope, outlet, key: id });
  }

  #cancel(id: string | number): void {
    for (const { inFlight, listening } of this.#stateless.callers.clients()) {
      inFlight.cancel(id, 'The client cancelled the request.');
      listening.cancel(id, 'The client cancelled the request.');
    }
  }
}

const MANY_CLIENTS: RpcAnswer = tooMany('The gateway has as many clients as it may.');

/** The one client of a pair of streams is never forgotten for being quiet. */
const NO_CLOCK: Clock = { now: () => 0, monotonic: () => 0 };
