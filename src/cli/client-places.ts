import { existsSync } from 'node:fs';
import { allPlaces, type ClientPlace, isInstalled, placesOf } from '../clients/find.ts';
import { type Machine, platformOf } from '../clients/machine.ts';
import { type RunCommand, runCommand } from '../clients/native.ts';
import { listProcesses, type ProcessList } from '../clients/running.ts';
import { CLIENTS, clientOf } from '../clients/table.ts';
import type { ClientDescription } from '../clients/description.ts';
import { nearest } from '../config/suggest.ts';
import { GatewayError } from '../core/errors.ts';
import type { CommandContext } from './context.ts';

/** What the commands for clients need of the machine; replaced in tests. */
export interface ClientMachine {
  readonly machine: Machine;
  /** `MCP_GATEWAY_HOME`, where backups are kept. */
  readonly gatewayHome: string;
  readonly processes: ProcessList;
  readonly run: RunCommand;
  /** RFC 3339. */
  readonly time: () => string;
  /** Waits for a client that may write its file anew. */
  readonly settle: () => Promise<void>;
}

export function clientMachine({ environment }: CommandContext): ClientMachine {
  const { userHome: home, workingFolder, variables } = environment;
  return {
    gatewayHome: environment.home,
    machine: { platform: platformOf(process.platform), home, environment: variables, workingFolder },
    processes: listProcesses,
    run: runCommand,
    time: () => new Date().toISOString(),
    settle: () => new Promise((resolve) => setTimeout(resolve, 5000)),
  };
}

export interface PlaceOptions {
  readonly all?: boolean;
  readonly project?: boolean;
}

/** The places that the arguments name. Throws USAGE where they name none, or one that is not known. */
export function chosenPlaces(ids: readonly string[], options: PlaceOptions, machine: Machine): readonly ClientPlace[] {
  if (ids.length === 0 && options.all !== true) {
    throw new GatewayError('USAGE', 'no client is named', {
      mend: 'Name some, or all that are on this machine with --all; `mcp-gateway client ls` lists them.',
    });
  }
  const named = [...new Set(ids)].map(knownClient);
  const clients = options.all === true ? CLIENTS.filter((client) => isInstalled(client, machine)) : named;
  return clients.flatMap((client) => placesFor(client, options, machine));
}

/** Throws USAGE. */
export function knownClient(id: string): ClientDescription {
  const client = clientOf(id);
  if (client !== undefined) return client;
  const ids = CLIENTS.map((one) => one.id);
  const guess = nearest(id, ids);
  throw new GatewayError(
    'USAGE',
    `there is no client "${id}"${guess === undefined ? '' : `; did you mean ${guess}?`}`,
    {
      mend: `Known are ${ids.join(', ')}.`,
    },
  );
}

function placesFor(
  client: ClientDescription,
  { all, project }: PlaceOptions,
  machine: Machine,
): readonly ClientPlace[] {
  const scope = project === true ? 'project' : 'user';
  if (scope === 'user') return placesOf(client, machine).filter((place) => place.scope === 'user');
  const places = allPlaces(client, machine).filter((place) => place.scope === 'project');
  const there = all === true ? places.filter(({ path }) => existsSync(path)) : places;
  if (places.length > 0 || all === true) return there;
  throw new GatewayError('USAGE', `${client.name} keeps no servers for a project`, { mend: 'Leave --project out.' });
}
