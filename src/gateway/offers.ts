import type { Json, JsonObject } from '../core/json.ts';
import type { GovernedServer } from './governed-server.ts';
import type { Caller } from './port.ts';

/**
 * The client capabilities that are offered to a server on a caller's behalf: what the client has and the configuration
 * allows. Extensions are what a client understands and nothing that a server may ask for, so they pass.
 */
export function offersTo(
  { allow }: Pick<GovernedServer, 'allow'>,
  { capabilities }: Pick<Caller, 'capabilities'>,
): JsonObject {
  const { sampling, elicitation, roots, extensions } = capabilities;
  const offers: Record<string, Json> = {};
  if (allow.sampling && sampling !== undefined) offers['sampling'] = sampling;
  if (allow.elicitation && elicitation !== undefined) offers['elicitation'] = elicitation;
  if (allow.roots && roots !== undefined) offers['roots'] = roots;
  if (extensions !== undefined) offers['extensions'] = extensions;
  return offers;
}
