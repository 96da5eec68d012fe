import type { GatewayError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { Connection } from './connection.ts';
import type { ParameterHeaders } from './mcp-headers.ts';
import type { ServerFacts } from './server-facts.ts';
import { RefusedByStatus, type Wire } from './wire.ts';

/** What a handshake needs, of either era. */
export interface Greeting {
  /** How messages name the server. */
  readonly name: string;
  readonly wire: Wire;
  readonly connection: Connection;
  /** As servers are told who connects. */
  readonly clientInfo: JsonObject;
  /** The client capabilities that a session server is told of. */
  readonly offers: JsonObject;
  readonly timeoutMs: number;
  readonly parameterHeaders: ParameterHeaders;
}

/** How a server took a greeting of one era. */
export type Greeted =
  | { readonly kind: 'greeted'; readonly facts: Omit<ServerFacts, 'eras'> }
  /** It does not offer this era. */
  | { readonly kind: 'declined'; readonly why: GatewayError };

/** Whether an HTTP server refused a greeting because it does not know it. Any other failure is thrown again. */
export function declinedBy(error: unknown): Greeted {
  if (error instanceof RefusedByStatus && isEvidence(error.status)) return { kind: 'declined', why: error };
  throw error;
}

/** What servers of both eras say of themselves in the same words. */
export function selfDescription({
  instructions,
  capabilities,
}: JsonObject): Pick<ServerFacts, 'instructions' | 'capabilities'> {
  return {
    instructions: typeof instructions === 'string' ? instructions : '',
    capabilities: isJsonObject(capabilities) ? capabilities : {},
  };
}

/** A server that wants a sign-in, is overloaded or broken says nothing about the protocol. */
function isEvidence(status: number): boolean {
  return status >= 400 && status < 500 && !NO_EVIDENCE.includes(status);
}

const NO_EVIDENCE: readonly number[] = [401, 403, 407, 408, 429];
