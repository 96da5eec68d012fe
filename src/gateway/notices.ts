import { isLogLevel, isWanted, type LogLevel } from '../core/protocol.ts';
import type { RpcNotification } from '../core/rpc.ts';
import type { Exchange } from './port.ts';

/** Passes what a server says while it works on a request to whoever asked; log messages from the wanted level on. */
export function relayTo(exchange: Pick<Exchange, 'logLevel' | 'notify'>): (notification: RpcNotification) => void {
  return (notification) => {
    if (isHeardFrom(notification, exchange.logLevel)) exchange.notify(notification.method, notification.params);
  };
}

/** Whether a notification is for somebody who wants log messages from `least` on, or none. All others are. */
export function isHeardFrom({ method, params }: RpcNotification, least: LogLevel | undefined): boolean {
  if (method !== 'notifications/message') return true;
  const { level } = params;
  return least !== undefined && isLogLevel(level) && isWanted(level, least);
}
