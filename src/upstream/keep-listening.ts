import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../core/clock.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import { SUBSCRIPTION_ID } from '../core/protocol.ts';
import type { RpcAnswer, RpcError, RpcNotification } from '../core/rpc.ts';
import type { Connection } from './connection.ts';

/** A wish to be told of changes by a stateless server, for as long as the connection to it lasts. */
export interface ListeningWish {
  readonly name: string;
  readonly connection: Connection;
  /** `SubscriptionFilter` of MCP 2026-07-28. */
  readonly filter: JsonObject;
  /** The client capabilities that it is told with the request. */
  readonly offers: JsonObject;
  /** How long the server may take to acknowledge it, milliseconds. */
  readonly timeoutMs: number;
  /** Gets what the stream tells, less the id of the stream, which belongs to this hop. */
  readonly onEvent: (notification: RpcNotification) => void;
  /** The stream broke and there is a new one: in between, anything may have changed. */
  readonly onRenewed: () => void;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly clock: Clock;
}

const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';
const REOPEN_MS = 1_000;
const MOST_REOPEN_MS = 60_000;
/** A stream that ends sooner is one of a server that does not mean it, and is opened ever more rarely. */
const LASTING_MS = 60_000;

/**
 * Opens a `subscriptions/listen` and opens it again whenever it ends. Resolves when the server has acknowledged it the
 * first time, with what it agreed to, or refused it. Rejects with CANCELLED or one of UPSTREAM_*.
 */
export async function keepListening(wish: ListeningWish): Promise<Listened> {
  const { opened, ended } = open(wish);
  const listened = await opened;
  if (listened.kind === 'listening') void renew(wish, ended);
  return listened;
}

export type Listened =
  | { readonly kind: 'listening'; readonly agreed: JsonObject }
  | { readonly kind: 'refused'; readonly error: RpcError };

interface Stream {
  readonly opened: Promise<Listened>;
  /** Fulfilled whichever way it ends. */
  readonly ended: Promise<void>;
}

function open({ name, connection, filter, offers, timeoutMs, onEvent, signal }: ListeningWish): Stream {
  const stream = new AbortController();
  let ended: Promise<void> = Promise.resolve();
  const opened = new Promise<Listened>((resolve, reject) => {
    const answer = connection.request(
      'subscriptions/listen',
      { notifications: filter },
      {
        signal: AbortSignal.any([signal, stream.signal]),
        timeoutMs: Number.POSITIVE_INFINITY,
        offers,
        isOwn: true,
        onNotification: (notification) => {
          if (notification.method === ACKNOWLEDGED) resolve({ kind: 'listening', agreed: notification.params });
          else onEvent({ ...notification, params: withoutSubscription(notification.params) });
        },
      },
    );
    answer.then((given) => resolve(refusalOf(given)), reject);
    ended = answer.then(ignore, ignore);
  });
  const late = setTimeout(() => stream.abort(), timeoutMs).unref();
  const acknowledged = opened.catch((error: unknown) => {
    if (!stream.signal.aborted) throw error;
    throw new GatewayError('UPSTREAM_TIMEOUT', `"${name}" does not acknowledge that it is listened to.`);
  });
  return { opened: acknowledged.finally(() => clearTimeout(late)), ended };
}

/** A result before the acknowledgement is an end, and there is nothing that was agreed to. */
function refusalOf(answer: RpcAnswer): Listened {
  if (answer.kind === 'failure') return { kind: 'refused', error: answer.error };
  return { kind: 'listening', agreed: {} };
}

function withoutSubscription({ _meta: meta, ...params }: JsonObject): JsonObject {
  if (!isJsonObject(meta)) return params;
  const { [SUBSCRIPTION_ID]: _id, ...rest } = meta;
  return Object.keys(rest).length === 0 ? params : { ...params, _meta: rest };
}

async function renew(wish: ListeningWish, first: Promise<void>): Promise<void> {
  const { name, connection, signal, logger, clock, onRenewed } = wish;
  let ended = first;
  let delayMs = REOPEN_MS / 2;
  for (;;) {
    const openedAtMs = clock.monotonic();
    await ended;
    const hasLasted = clock.monotonic() - openedAtMs > LASTING_MS;
    delayMs = hasLasted ? REOPEN_MS : Math.min(2 * delayMs, MOST_REOPEN_MS);
    await wait(delayMs, undefined, { signal, ref: false }).catch(ignore);
    if (signal.aborted || connection.hasEnded) return;
    const next = open(wish);
    ended = next.ended;
    try {
      const listened = await next.opened;
      if (listened.kind === 'refused') {
        logger.warn('an upstream server tells of changes no more', { server: name, code: listened.error.code });
        return;
      }
      onRenewed();
    } catch (error) {
      logger.debug('an upstream server cannot be listened to', { server: name, why: messageOf(error) });
    }
  }
}

function ignore(): void {
  // Whoever waits looks at what became of it elsewhere.
}
