import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { GatewayError } from '../core/errors.ts';

export interface FindOptions {
  /** As given by `--config`. */
  readonly path?: string;
  /** Where `MCP_GATEWAY_CONFIG` is looked up. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingFolder: string;
  /** `MCP_GATEWAY_HOME`. */
  readonly home: string;
}

const FILE_NAMES = ['mcp-gateway.yaml', 'mcp-gateway.yml', 'mcp-gateway.jsonc', 'mcp-gateway.json'];

/**
 * Absolute path of the file to load: `--config`, `MCP_GATEWAY_CONFIG`, the working folder, `MCP_GATEWAY_HOME`, in this
 * order. Throws `CONFIG_NOT_FOUND`.
 */
export function findConfig(options: FindOptions): string {
  const fromVariable = options.environment['MCP_GATEWAY_CONFIG'];
  if (options.path !== undefined) return existing(options.path, '--config', options);
  if (fromVariable !== undefined && fromVariable !== '') return existing(fromVariable, 'MCP_GATEWAY_CONFIG', options);
  const folders = [...new Set([options.workingFolder, options.home])];
  const [found] = folders.flatMap((folder) => configIn(folder) ?? []);
  if (found !== undefined) return found;
  const message = `there is no mcp-gateway.yaml in ${folders.join(' or in ')}`;
  throw new GatewayError('CONFIG_NOT_FOUND', message, {
    mend: 'make one with `mcp-gateway init`, or name a file with --config',
  });
}

/** Absolute path of the configuration in a folder; undefined where it has none. */
export function configIn(folder: string): string | undefined {
  return FILE_NAMES.map((name) => join(folder, name)).find((path) => existsSync(path));
}

function existing(named: string, by: string, options: FindOptions): string {
  const path = resolve(options.workingFolder, named);
  if (existsSync(path)) return path;
  throw new GatewayError('CONFIG_NOT_FOUND', `there is no file ${path}`, { mend: `correct ${by}` });
}
