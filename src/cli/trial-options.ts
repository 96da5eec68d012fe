import type { TrialOptions } from '../app/trial.ts';
import { type ConfigOption, readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { visible } from './terminal.ts';

/** What calls are tried with, as the configuration has it; what is doubtful is said on stderr. */
export function trialOptions(context: CommandContext, options: ConfigOption): TrialOptions & { readonly path: string } {
  const { config, path } = readConfig(context, options);
  const { variables, home, cache } = context.environment;
  const { err } = context.terminal;
  return {
    config,
    path,
    home,
    cache,
    host: { platform: process.platform, nodePath: process.execPath, environment: variables },
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    logger: {
      debug: () => undefined,
      info: () => undefined,
      warn: (message, fields) => void err.write(`warning ${visible(`${message}: ${factsIn(fields)}`)}\n`),
      error: (message, fields) => void err.write(`error ${visible(`${message}: ${factsIn(fields)}`)}\n`),
    },
  };
}

function factsIn(fields: object = {}): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
}
