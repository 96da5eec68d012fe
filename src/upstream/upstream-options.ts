import type { Clock } from '../core/clock.ts';
import type { JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import type { EndedServerSession } from '../core/observer.ts';
import type { Era, ListName } from '../core/protocol.ts';
import type { RpcNotification, RpcRequest } from '../core/rpc.ts';
import type { Knowledge } from './knowledge.ts';
import type { ParameterHeaders } from './mcp-headers.ts';
import type { AnswerQuestion } from './request-options.ts';
import type { Wire } from './wire.ts';

export interface UpstreamOptions {
  /** The server's id. */
  readonly name: string;
  /** Version of the gateway. */
  readonly version: string;
  readonly openWire: () => Wire;
  readonly clock: Clock;
  readonly logger: Logger;
  /** For whom it is dialled, asked at each start. */
  readonly wish: () => { readonly era: Era; readonly offers: JsonObject };
  readonly knowledge: Knowledge;
  readonly parameterHeaders: ParameterHeaders;
  /** What the server says outside of requests. */
  readonly onNotification: (notification: RpcNotification) => void;
  readonly onRequest: AnswerQuestion;
  readonly onRefused: (request: RpcRequest) => void;
  /** A list of the server may be another now. */
  readonly onListChanged: (list: ListName) => void;
  /** It runs again that ran before. */
  readonly onRestarted?: (() => void) | undefined;
  /** A session with it has ended. */
  readonly onSessionEnded?: ((session: EndedServerSession) => void) | undefined;
  /** How long a request may go without a sign of life; ten minutes by default. */
  readonly timeoutMs?: number | undefined;
  /** How long a start may take; a minute by default. */
  readonly startTimeoutMs?: number | undefined;
  /** How long a process of which nothing is known may take to answer a probe; ten seconds by default: a busy machine starts slowly, and who is taken for old stays so for a day. */
  readonly probeMs?: number | undefined;
  /** How long a server that let a request run out of time may take to say that it is there before it is ended; ten seconds by default. */
  readonly pingTimeoutMs?: number | undefined;
  readonly tickMs?: number | undefined;
}
