import type { Attributes } from '@opentelemetry/api';
import type { Road } from '../core/observer.ts';
import { OTHER } from './bounded.ts';
import { versionLabel } from './span-facts.ts';

/** Where a server is, and how it is spoken with. */
export interface ServerPlace {
  readonly transport: 'pipe' | 'tcp';
  /** Host and port; absent where it is a process. */
  readonly host?: string;
  readonly port?: number;
  /** Empty where it was never reached. */
  readonly protocol: string;
}

/** How a client speaks with the gateway. */
export function roadLabels(road: Road['kind'] | undefined): Attributes {
  return road === 'http' ? OVER_HTTP : ON_A_PIPE;
}

const ON_A_PIPE: Attributes = { 'network.transport': 'pipe' };
const OVER_HTTP: Attributes = { 'network.transport': 'tcp', 'network.protocol.name': 'http' };

/** Which server it is, where it is and how it is spoken with: values of the configuration, and few of those. */
export function placeLabels(server: string, place: ServerPlace): Attributes {
  const { protocol } = place;
  return {
    ...placeAttributes(place),
    server,
    'mcp.protocol.version': protocol === '' ? OTHER : versionLabel(protocol),
  };
}

/** As `placeLabels`, for a span: with the revision as it is. */
export function placeAttributes({ transport, host, port, protocol }: ServerPlace): Attributes {
  return {
    'network.transport': transport,
    ...(protocol !== '' && { 'mcp.protocol.version': protocol }),
    ...(transport === 'tcp' && { 'network.protocol.name': 'http' }),
    ...(host !== undefined && { 'server.address': host }),
    ...(port !== undefined && { 'server.port': port }),
  };
}
