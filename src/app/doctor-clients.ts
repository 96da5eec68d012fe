import { fail, type HealthFinding, ok, skip, type Subject, warn } from './doctor.ts';
import type { FoundClient } from '../clients/entry.ts';

const ID = 'clients';

/** Which clients of this machine reach servers past the gateway. */
export function checkClients({ clients }: Pick<Subject, 'clients'>): readonly HealthFinding[] {
  const there = clients.filter(({ state }) => state.kind !== 'absent');
  if (there.length === 0) return [skip(ID, 'none was found on this machine')];
  const found = there.flatMap((client) => findingOf(client) ?? []);
  if (found.length > 0) return found;
  const connected = there.filter(({ state }) => state.kind === 'read' && state.isConnected);
  const names = [...new Set(connected.map(({ name }) => name))];
  if (names.length > 0)
    return [ok(ID, `${names.join(', ')} reach${names.length === 1 ? 'es' : ''} servers through the gateway`)];
  const [first] = there;
  return [warn(ID, 'none reaches the gateway yet', `mcp-gateway connect ${first?.id ?? '--all'}`)];
}

/** Undefined where nothing is wrong with it. */
function findingOf({ id, name, state }: FoundClient): HealthFinding | undefined {
  if (state.kind === 'broken')
    return fail(ID, `the file of ${name} cannot be read: ${state.problem}`, 'mcp-gateway client ls');
  if (state.kind !== 'read') return undefined;
  // What we cannot take over is started by its client all the same.
  const direct = [...state.servers, ...state.refused.filter(({ isOff }) => !isOff)].map((server) => `"${server.name}"`);
  if (direct.length === 0) return undefined;
  const mend = `mcp-gateway connect ${id}${state.isConnected ? ' --replace' : ''}`;
  return warn(ID, `${name} starts ${direct.join(', ')} directly and bypasses the gateway`, mend);
}
