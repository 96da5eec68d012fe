import type { ClientServer, FoundClient } from '../clients/entry.ts';
import { freeName } from '../core/plain-secrets.ts';
import { differencesOf, isGivenOther, shapeOf, targetOf, wholeOf } from './import-keys.ts';
import { type MovedServer, SecretMover, type SecretsToMove } from './import-secrets.ts';

/** Where an entry stands. */
export interface Origin {
  /** Such as `Claude Desktop`. */
  readonly client: string;
  readonly path: string;
  /** What the client calls it. */
  readonly name: string;
}

export interface PlannedServer extends MovedServer {
  readonly id: string;
  /** All entries that say the same. */
  readonly from: readonly Origin[];
}

/** A value that is moved into the secret store; never shown. */
export interface PlannedSecret {
  readonly name: string;
  readonly value: string;
  readonly server: string;
  /** Such as `mcpServers.github.env.GITHUB_TOKEN`. */
  readonly place: string;
}

/** Two servers that start or reach the same thing and are given other values. */
export interface Twins {
  readonly ids: readonly [string, string];
  /** Names of the variables or headers that differ. */
  readonly differing: readonly string[];
}

export interface ImportPlan {
  readonly servers: readonly PlannedServer[];
  readonly secrets: readonly PlannedSecret[];
  readonly twins: readonly Twins[];
  /** Entries that the configuration has already, and as what. */
  readonly known: readonly (Origin & { readonly id: string })[];
  /** Entries that cannot be taken over; `why` ends the sentence `NAME …`. */
  readonly refused: readonly (Origin & { readonly why: string })[];
}

export interface ImportOptions extends SecretsToMove {
  /** Servers of the configuration as they are written, by id. */
  readonly written: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Whether something else has this id. */
  readonly isTaken: (id: string) => boolean;
}

interface Entry {
  readonly origin: Origin;
  readonly server: ClientServer;
}

/** What taking over the servers of all clients comes to: what is the same once, what is not under ids of its own. */
export function planImport(clients: readonly FoundClient[], options: ImportOptions): ImportPlan {
  const groups = groupsOf(clients.flatMap(entriesOf));
  const mover = new SecretMover(options);
  const known: (Origin & { readonly id: string })[] = [];
  const servers: (PlannedServer & { readonly server: ClientServer })[] = [];
  const written = Object.entries(options.written).map(([id, settings]) => ({ id, settings, shape: shapeOf(settings) }));
  const trial = new SecretMover(options);
  for (const { server, from } of groups) {
    const { settings } = trial.move('x', server);
    const shape = shapeOf(settings);
    const before = written.find((one) => one.shape === shape && !isGivenOther(one.settings, settings));
    if (before !== undefined) {
      known.push(...from.map((origin) => ({ ...origin, id: before.id })));
      continue;
    }
    const isTaken = (id: string): boolean =>
      Object.hasOwn(options.written, id) || options.isTaken(id) || servers.some((one) => one.id === id);
    const id = freeName(serverIdFor(from[0]?.name ?? ''), isTaken, LONGEST_ID);
    servers.push({ id, from, server, ...mover.move(id, server) });
  }
  return {
    servers: servers.map(({ id, from, settings, needed, unset }) => ({ id, from, settings, needed, unset })),
    secrets: mover.moved,
    twins: twinsAmong(servers),
    known,
    refused: clients.flatMap(refusedOf),
  };
}

const LONGEST_ID = 20;

/** A name as the id of a server: small letters, digits and hyphens. The same name always gives the same id. */
export function serverIdFor(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, LONGEST_ID)
    .replace(/-+$/, '');
  return plain === '' ? 'server' : plain;
}

function entriesOf(client: FoundClient): readonly Entry[] {
  if (client.state.kind !== 'read') return [];
  return client.state.servers.map((server) => ({ server, origin: originOf(client, server.name) }));
}

function refusedOf(client: FoundClient): ImportPlan['refused'] {
  if (client.state.kind !== 'read') return [];
  return client.state.refused.map(({ name, why }) => ({ ...originOf(client, name), why }));
}

function originOf({ name: client, path }: FoundClient, name: string): Origin {
  return { client, path, name };
}

interface Group {
  readonly server: ClientServer;
  readonly from: readonly Origin[];
}

/** In the order in which they were found. */
function groupsOf(entries: readonly Entry[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const { server, origin } of entries) {
    const key = wholeOf(server);
    const group = groups.get(key);
    groups.set(key, group === undefined ? { server, from: [origin] } : { ...group, from: [...group.from, origin] });
  }
  return [...groups.values()];
}

function twinsAmong(servers: readonly { readonly id: string; readonly server: ClientServer }[]): readonly Twins[] {
  return servers.flatMap((one, index) => {
    const first = servers.slice(0, index).find((other) => targetOf(other.server) === targetOf(one.server));
    if (first === undefined) return [];
    return [{ ids: [first.id, one.id] as const, differing: differencesOf(first.server, one.server) }];
  });
}
