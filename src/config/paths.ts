import { dirname, join, resolve } from 'node:path';
import type { Signer } from '../core/signature.ts';
import type { ConfigFile } from './schema.ts';
import type { PolicySource, Transport } from './schema-servers.ts';
import { placeOfValue, type TreeNode, type TreePath } from './tree.ts';

/** The configuration as the rest of the program gets it: complete, with every path absolute. */
export type Config = Omit<ConfigFile, 'decisions'> & {
  readonly decisions: Omit<ConfigFile['decisions'], 'store'> & {
    readonly store: StoreSettings;
  };
};

export type StoreSettings = SqliteSettings | PostgresSettings;

export interface SqliteSettings {
  readonly driver: 'sqlite';
  /** The database file. */
  readonly path: string;
}

export interface PostgresSettings {
  readonly driver: 'postgres';
  /** Has a password in it, and is shown to nobody. */
  readonly url: string;
  readonly poolSize: number | undefined;
}

export interface PathOptions {
  /** `MCP_GATEWAY_HOME`, where the database lies unless the file says otherwise. */
  readonly home: string;
  /** What `~/` stands for. */
  readonly userHome: string;
}

/** What of a bundle may have a path in it. */
interface PlacedBundle {
  readonly source: PolicySource;
  readonly signer?: readonly Signer[] | undefined;
}

/** Makes paths absolute, each relative to the file that it stands in. */
export function absolutePaths(config: ConfigFile, root: TreeNode, options: PathOptions): Config {
  const absolute = (written: string, path: TreePath): string => {
    if (written.startsWith('~/')) return join(options.userHome, written.slice(2));
    return resolve(dirname(placeOfValue(root, path).file.path), written);
  };
  const source = (given: PolicySource, path: TreePath): PolicySource =>
    given.kind === 'path' ? { kind: 'path', path: absolute(given.path, path) } : given;
  const signer = (given: Signer, path: TreePath): Signer =>
    given.key.kind === 'pem' ? given : { ...given, key: { kind: 'file', path: absolute(given.key.path, path) } };
  const placed = <Bundle extends PlacedBundle>(bundle: Bundle, path: TreePath): Bundle => ({
    ...bundle,
    source: source(bundle.source, [...path, 'source']),
    ...(bundle.signer && { signer: bundle.signer.map((given) => signer(given, [...path, 'signer'])) }),
  });
  return {
    ...config,
    mcpServers: mapValues(config.mcpServers, (server, id) => ({
      ...server,
      transport: absoluteTransport(server.transport, (written, key) => absolute(written, ['mcpServers', id, key])),
      policy: placed(server.policy, ['mcpServers', id, 'policy']),
    })),
    agents: mapValues(config.agents, ({ policy, ...agent }, id) => ({
      ...agent,
      ...(policy && { policy: placed(policy, ['agents', id, 'policy']) }),
    })),
    policies: {
      ...config.policies,
      org: config.policies.org.map((bundle, index) => placed(bundle, ['policies', 'org', index])),
    },
    decisions: {
      ...config.decisions,
      export: config.decisions.export.map(({ file, ...one }, index) => ({
        ...one,
        ...(file !== undefined && { file: absolute(file, ['decisions', 'export', index, 'file']) }),
      })),
      store: storeSettings(config.decisions.store, (path) =>
        path === undefined ? join(options.home, 'decisions.db') : absolute(path, ['decisions', 'store', 'path']),
      ),
    },
  };
}

function storeSettings(
  { driver, path, url = '', poolSize }: ConfigFile['decisions']['store'],
  fileOf: (path: string | undefined) => string,
): StoreSettings {
  return driver === 'sqlite' ? { driver, path: fileOf(path) } : { driver, url, poolSize };
}

/** A command with a folder in it is a path; without, it is looked for where programs are. */
function absoluteTransport(transport: Transport, absolute: (written: string, key: string) => string): Transport {
  if (transport.kind !== 'stdio') return transport;
  const isPath = /^(\.{1,2}|~)[/\\]/.test(transport.command);
  const command = isPath ? absolute(transport.command, 'command') : transport.command;
  return { ...transport, command, cwd: absolute(transport.cwd, 'cwd') };
}

function mapValues<V>(
  values: Readonly<Record<string, V>>,
  change: (value: V, key: string) => V,
): Readonly<Record<string, V>> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value, key)]));
}
