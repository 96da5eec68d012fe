import type { ServerResponse } from 'node:http';

import { isJsonObject } from '../core/json.ts';
import { isStatelessVersion, STATELESS_VERSIONS } from '../core/protocol.ts';
import { RPC, type RpcAnswer, type RpcRequest } from '../core/rpc.ts';
import type { Caller, GatewayPort } from '../gateway/port.ts';
import { answerText, headerMismatch, invalidParams, tooMany, unsupportedVersion } from './answer.ts';
import { type Envelope, readEnvelope } from './envelope.ts';
import { refuse, sendEmpty, sendJson } from './http-answer.ts';
import type { PeerRoad } from './peer-road.ts';
import { PlainEvents } from './plain-events.ts';
import { type Post, roadOf } from './post.ts';
import type { Manners, PostExchange } from './post-exchange.ts';
import type { PostExchanges } from './post-exchanges.ts';
import type { ReceivedMessage } from './receive.ts';
import type { Stateless } from './stateless.ts';
import { contradiction, omission, paramContradiction } from './stateless-headers.ts';

/** Streamable HTTP without sessions (MCP 2026-07-28, Transports): each POST stands alone, and its stream is its own. */
export class StatelessHttp {
  readonly #stateless: Stateless;
  readonly #gateway: GatewayPort;
  readonly #exchanges: PostExchanges;
  readonly #road: PeerRoad | undefined;
  readonly #streams = new Set<PlainEvents>();

  constructor(stateless: Stateless, { gateway, exchanges, road }: Around) {
    this.#stateless = stateless;
    this.#gateway = gateway;
    this.#exchanges = exchanges;
    this.#road = road;
  }

  take({ message, value, dropped, byteLength }: ReceivedMessage, post: Post): void {
    // A stateless client cancels by closing the response; there is nothing else that it could notify us of.
    if (message.kind !== 'request') return sendEmpty(post.response, 202);
    const read = readEnvelope(message.params);
    if (read.kind === 'invalid') return refuseRequest(post, message, invalidParams(read.message));
    const refusal = misfit(post, message, read.envelope);
    if (refusal !== undefined) return refuseRequest(post, message, refusal);
    const answer = (): void => this.#answer({ message, dropped, byteLength, post, envelope: read.envelope });
    const { request, response } = post;
    const holder = this.#road && this.#gateway.placeOf(message);
    if (this.#road === undefined || !this.#road.leadsTo(holder, request)) return answer();
    // Where the holder is gone, what it held is gone: said here, as of anything that is unknown.
    return this.#road.handOver({ holder, request, response, message: value, otherwise: answer });
  }

  beat(): void {
    for (const stream of this.#streams) stream.beat();
  }

  #answer({ message, dropped, byteLength, post, envelope }: Enveloped): void {
    // A subscription is nothing but its stream.
    if (message.method === 'subscriptions/listen' && !post.accepted.events) {
      return refuse(post.response, 406, 'The client must accept text/event-stream.');
    }
    const found = this.#stateless.callers.find(post.visitor.identity, envelope);
    if (found === undefined) return refuseRequest(post, message, tooMany('The gateway has as many clients as it may.'));
    const { client, caller } = found;
    const fault = this.#paramFault(post, message, caller);
    if (fault !== undefined) return refuseRequest(post, message, headerMismatch(fault));
    const outlet = this.#startExchange(post);
    post.response.on('close', () => {
      client.inFlight.cancel(outlet, 'The client closed the response.');
      client.listening.cancel(outlet, 'The client closed the response.');
    });
    const request = message;
    const key = outlet;
    return this.#stateless.receive({ request, dropped, byteLength, envelope, client, caller, outlet, key });
  }

  #paramFault({ request }: Post, { method, params }: RpcRequest, caller: Caller): string | undefined {
    const { name, arguments: args } = params;
    if (method !== 'tools/call' || typeof name !== 'string' || !isJsonObject(args)) return undefined;
    return paramContradiction(request.headers, args, this.#gateway.headerParams(name, caller));
  }

  #startExchange({ request, response, accepted, visitor }: Post): PostExchange {
    const openStream = (): PlainEvents => {
      const stream = new PlainEvents(response);
      this.#streams.add(stream);
      response.on('close', () => this.#streams.delete(stream));
      return stream;
    };
    return this.#exchanges.start({
      response,
      road: roadOf(request),
      accepted,
      owner: this,
      isResumable: false,
      openStream,
      stepUp: visitor.stepUp,
      manners: MANNERS,
    });
  }
}

interface Around {
  readonly gateway: GatewayPort;
  readonly exchanges: PostExchanges;
  readonly road: PeerRoad | undefined;
}

interface Enveloped {
  readonly message: RpcRequest;
  readonly dropped: readonly string[];
  readonly byteLength: number;
  readonly post: Post;
  readonly envelope: Envelope;
}

/** Why a request with a good envelope does not fit its headers or this gateway, in the specification's order. */
function misfit({ request }: Post, message: RpcRequest, { protocol }: Envelope): RpcAnswer | undefined {
  const { headers } = request;
  const contradicted = contradiction(headers, message, protocol);
  if (contradicted !== undefined) return headerMismatch(contradicted);
  if (!isStatelessVersion(protocol)) return unsupportedVersion(protocol, STATELESS_VERSIONS);
  const omitted = omission(headers, message);
  return omitted === undefined ? undefined : headerMismatch(omitted);
}

/** Errors that proxies shall understand too; all others are answers as good as any (MCP 2026-07-28, Transports). */
const MANNERS: Manners = { statusOf, leaveUnanswered };

function statusOf(errorCode: number): number {
  if (errorCode === RPC.methodNotFound) return 404;
  return errorCode === RPC.missingCapability ? 400 : 200;
}

/** Only its client cancels a request, by closing the response; where we do, a closed one is all that it can read. */
function leaveUnanswered(response: ServerResponse): void {
  response.destroy();
}

function refuseRequest({ response }: Post, { id }: RpcRequest, refusal: RpcAnswer): void {
  sendJson(response, 400, answerText(id, refusal));
}
