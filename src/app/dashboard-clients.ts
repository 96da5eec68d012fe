import type { ClientsView } from '../dashboard/api.ts';
import type { DashboardParts } from './dashboard-parts.ts';

const MOST_CLIENTS = 100;

/** The clients that have called, by the name that each gives itself. */
export async function clientsView({ reads }: DashboardParts): Promise<ClientsView> {
  const seen = await reads.names(['client'], 0, MOST_CLIENTS);
  return {
    clients: seen.map(({ name, lastMs }) => ({
      id: name,
      name,
      file: '',
      state: 'connected' as const,
      direct: [],
      lastSeen: new Date(lastMs).toISOString(),
      recipe: '',
    })),
  };
}
