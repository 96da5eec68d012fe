import type { JsonObject } from '../core/json.ts';
import { isLogLevel, isWanted, type LogLevel } from '../core/protocol.ts';
import type { RpcNotification } from '../core/rpc.ts';
import { stateAlone } from './interim.ts';
import type { Exchange } from './port.ts';

/** Passes what a server says while it works on a request to whoever asked; log messages from the wanted level on. */
export function relayTo(exchange: Pick<Exchange, 'logLevel' | 'notify'>): (notification: RpcNotification) => void {
  return (notification) => {
    if (isHeardFrom(notification, exchange.logLevel)) exchange.notify(notification.method, newsIn(notification));
  };
}

/** What may be said in passing. Of a task, known or not, that is its state alone: nobody decides here on how it ended. */
export function newsIn({ method, params }: RpcNotification): JsonObject {
  return method.startsWith('notifications/tasks') ? stateAlone(params) : params;
}

/** Whether a notification is for somebody who wants log messages from `least` on, or none. All others are. */
export function isHeardFrom({ method, params }: RpcNotification, least: LogLevel | undefined): boolean {
  if (method !== 'notifications/message') return true;
  const { level } = params;
  return least !== undefined && isLogLevel(level) && isWanted(level, least);
}
