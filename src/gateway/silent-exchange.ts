import type { Exchange } from './port.ts';

/** Of a request whose client is asked nothing and told nothing on the way. */
export const SILENT_EXCHANGE: Exchange = {
  signal: new AbortController().signal,
  dropped: [],
  onProgress: undefined,
  logLevel: undefined,
  notify: () => undefined,
  ask: undefined,
};
