import type { GatewayPort } from '../gateway/port.ts';

/** Milliseconds in which changes are told as one: a server that comes up changes its list many times. */
const DEBOUNCE_MS = 50;

/** Calls back once for every burst of changes. Returns the way to stop. */
export function onToolsChangedDebounced(gateway: GatewayPort, listener: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const stop = gateway.onToolsChanged(() => {
    timer ??= setTimeout(() => {
      timer = undefined;
      listener();
    }, DEBOUNCE_MS);
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}
