import { isJsonObject, type Json } from '../core/json.ts';
import type { Principal } from '../core/principal.ts';

/** Who a door takes its callers for: from the configuration, the operating system, a key or a token. */
export interface Identity {
  readonly agent: {
    /** Empty where the client's own name shall stand for the agent. */
    readonly id: string;
    readonly scope: string;
    readonly owner_team: string;
    readonly model: string;
    readonly delegated_by: readonly string[];
  };
  readonly user: {
    readonly id: string;
    readonly groups: readonly string[];
    readonly data_classifications_authorized: readonly string[];
  };
  /**
   * What was shown at the door: `token`, or `key:<id>`; absent where nothing is. Sessions of one are not found by another.
   */
  readonly credential?: string;
}

export interface ClientInfo {
  readonly name: string;
  readonly version: string;
}

export const UNKNOWN_CLIENT: ClientInfo = { name: '', version: '' };

/** Characters of a client's name or version that are kept. */
const MAX_NAME_LENGTH = 128;

export function principalOf(identity: Identity, client: ClientInfo): Principal {
  const { agent, user } = identity;
  return { agent: { ...agent, id: agent.id === '' ? client.name : agent.id, client }, user };
}

/** Whether two identities are one: a session belongs to the one that opened it. */
export function isSameIdentity(left: Identity, right: Identity): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}

/** The `clientInfo` of `initialize`. It ends in logs and prompts, so control characters are taken out. */
export function readClientInfo(info: Json | undefined): ClientInfo {
  if (!isJsonObject(info)) return UNKNOWN_CLIENT;
  return { name: readName(info['name']), version: readName(info['version']) };
}

function readName(name: Json | undefined): string {
  return typeof name === 'string' ? name.replaceAll(/\p{C}/gu, '').slice(0, MAX_NAME_LENGTH) : '';
}
