import { fileURLToPath } from 'node:url';
import type { Launch } from '../clients/own-entry.ts';
import { findConfig } from '../config/find.ts';
import { packageUrl } from '../core/package-url.ts';
import type { CommandContext } from './context.ts';

export interface LaunchOptions {
  readonly config?: string | undefined;
  readonly npx?: boolean;
}

/**
 * How a client starts the gateway: the Node that runs now, by its path, because what is started from a desk does not have
 * the PATH of a terminal; and the configuration by its path, because a client starts it in any folder. Throws
 * CONFIG_NOT_FOUND.
 */
export function launchOf(context: CommandContext, { config, npx }: LaunchOptions): Launch {
  const { variables, home } = context.environment;
  const args = ['serve', '--stdio', '--config', configOf(context, { config })];
  const homeVariable = variables['MCP_GATEWAY_HOME'];
  // Without it the gateway would keep its log and its keys elsewhere than every other command.
  const env: Launch['env'] = homeVariable === undefined ? {} : { MCP_GATEWAY_HOME: home };
  if (npx === true) return { command: 'npx', args: ['-y', 'mcp-gateway', ...args], env };
  const program = fileURLToPath(packageUrl('dist/main.js', import.meta.url));
  return { command: process.execPath, args: [program, ...args], env };
}

/** Absolute path of the configuration. Throws CONFIG_NOT_FOUND. */
export function configOf({ environment }: CommandContext, { config }: Pick<LaunchOptions, 'config'>): string {
  const { variables, workingFolder, home } = environment;
  const named = config === undefined ? {} : { path: config };
  return findConfig({ ...named, environment: variables, workingFolder, home });
}

/** Whether the program lies where npx keeps it for a while. */
export function isPassing({ args }: Launch): boolean {
  return args.some((word) => /[/\\]_npx[/\\]/.test(word));
}
