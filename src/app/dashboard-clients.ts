import { type FoundClient } from '../clients/entry.ts';
import { findClients } from '../clients/find.ts';
import { platformOf } from '../clients/machine.ts';
import type { ClientsView } from '../dashboard/api-connected.ts';
import type { SeenName } from '../state/index-query.ts';
import type { DashboardParts } from './dashboard-parts.ts';

const MOST_CLIENTS = 100;

type ClientRow = ClientsView['clients'][number];

/** The clients of this machine as their files are now, and those that have called from elsewhere. */
export async function clientsView({ reads, host, userHome, workingFolder }: DashboardParts): Promise<ClientsView> {
  const seen = await reads.names(['client'], 0, MOST_CLIENTS);
  const machine = { platform: platformOf(host.platform), home: userHome, environment: host.environment, workingFolder };
  const found = findClients(machine).filter(({ state, scope }) => scope === 'user' || state.kind !== 'absent');
  const here = found.map((client) => clientRow(client, seen));
  const known = new Set(found.flatMap(({ id, name }) => [nameOf(id), nameOf(name)]));
  const others = seen.filter(({ name }) => !known.has(nameOf(name)));
  return { clients: [...here, ...others.map(callerRow)] };
}

function clientRow({ id, name, path, state }: FoundClient, seen: readonly SeenName[]): ClientRow {
  const call = seen.find((one) => [nameOf(id), nameOf(name)].includes(nameOf(one.name)));
  const isRead = state.kind === 'read';
  const direct = isRead
    ? [...state.servers, ...state.refused.filter(({ isOff }) => !isOff)].map((one) => one.name)
    : [];
  return {
    id,
    name,
    direct,
    file: state.kind === 'absent' ? '' : path,
    state: stateOf(state, direct.length),
    lastSeen: call === undefined ? '' : new Date(call.lastMs).toISOString(),
    recipe: isRead && state.isConnected ? '' : `mcp-gateway connect ${id}`,
  };
}

function stateOf(state: FoundClient['state'], direct: number): ClientRow['state'] {
  if (state.kind === 'absent') return 'not_found';
  if (state.kind === 'broken') return 'broken';
  if (direct > 0) return 'bypasses';
  return state.kind === 'read' && state.isConnected ? 'connected' : 'not_connected';
}

/** By the name that it gives itself. */
function callerRow({ name, lastMs }: SeenName): ClientRow {
  const lastSeen = new Date(lastMs).toISOString();
  return { id: name, name, file: '', state: 'connected', direct: [], lastSeen, recipe: '' };
}

/** `Claude Code`, `claude-code` and `claude_code` are one. */
function nameOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}
