import type { Config } from '../config/paths.ts';
import { GatewayError } from '../core/errors.ts';
import { principalOf } from '../downstream/identity.ts';
import type { Caller } from '../gateway/port.ts';

export interface LocalCaller {
  /** Which agent asks; without it the one of the configuration, else the program itself. */
  readonly agent: string | undefined;
  /** The user of the operating system. */
  readonly user: string;
  readonly version: string;
  readonly session: string;
}

/** Somebody who asks from this machine without a client. Throws USAGE for an agent that nobody has configured. */
export function localCaller(config: Config, { agent: named, user, version, session }: LocalCaller): Caller {
  const { agent, user: configured } = config.gateway.principal;
  refuseUnknown(named, config);
  const id = named ?? agent.id ?? '';
  // What stands beside another id is said of that one.
  const isConfigured = agent.id === undefined || agent.id === id;
  const { scope, owner_team, model } = isConfigured ? agent : { scope: '', owner_team: '', model: '' };
  const identity = {
    agent: { id, scope, owner_team, model, delegated_by: [] },
    user: {
      id: configured.id ?? user,
      groups: configured.groups,
      data_classifications_authorized: configured.data_classes,
    },
  };
  const client = { name: 'mcp-gateway', version };
  const principal = principalOf(identity, client);
  return { session, principal, client: { ...client, protocol: '' }, era: 'session', capabilities: {} };
}

function refuseUnknown(agent: string | undefined, { agents }: Config): void {
  const known = Object.keys(agents);
  if (agent === undefined || known.length === 0 || known.includes(agent)) return;
  throw new GatewayError('USAGE', `there is no agent "${agent}" in the configuration`, {
    mend: `The agents are ${known.join(', ')}.`,
  });
}
