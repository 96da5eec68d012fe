import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadConfig, type LoadedConfig, type LoadOptions } from '../../src/config/load.ts';
import { GatewayError } from '../../src/core/errors.ts';

export const HOME = '/home/tom/.mcp-gateway';

export const MINIMAL = 'version: 1\nmcpServers: {}\n';

/** Loads a configuration as Tom, whose environment has a secret, a port and a variable without a value. */
export function load(path: string, options: Partial<LoadOptions> = {}): LoadedConfig {
  const environment = { HOME: '/home/tom', CODE_HOST_TOKEN: 'code-host-secret', EMPTY: '', PORT: '4000' };
  return loadConfig({ path, environment, workingFolder: dirname(path), home: HOME, userHome: '/home/tom', ...options });
}

/** What is wrong with it; empty where it is good. */
export function complaintsAbout(path: string, options: Partial<LoadOptions> = {}): string {
  try {
    load(path, options);
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown.message;
    throw thrown;
  }
  return '';
}

/** The path of a file with this in it. */
export function written(text: string | Uint8Array, name = 'mcp-gateway.yaml'): string {
  const folder = mkdtempSync(join(tmpdir(), 'config-'));
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}
