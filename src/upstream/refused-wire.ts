import { GatewayError } from '../core/errors.ts';
import type { Wire } from './wire.ts';

/** The road to a server that must not be started, such as one whose package is not the one that was accepted. */
export function refusedWire(name: string, why: string): Wire {
  return {
    hasStreams: false,
    open: async () => {
      throw new GatewayError('UPSTREAM_UNAVAILABLE', `"${name}" is not started: ${why}`, {
        mend: `Look at it with \`mcp-gateway server inspect ${name}\`.`,
      });
    },
    send: () => undefined,
    abandon: () => undefined,
    agree: () => undefined,
    listen: () => undefined,
    lastErrors: () => [],
    close: async () => undefined,
  };
}
