import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { configJsonSchema } from '../config/json-schema.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import type { CommandContext } from './program.ts';
import { printJson, printLine } from './terminal.ts';

export interface ConfigOption {
  readonly config?: string;
}

interface JsonOption extends ConfigOption {
  readonly json?: boolean;
}

/** The configuration that a command works with; doubtful things in it are said on stderr. */
export function readConfig({ environment, terminal }: CommandContext, { config: path }: ConfigOption): LoadedConfig {
  const { variables, workingFolder, home, userHome } = environment;
  const loaded = loadConfig({
    ...(path === undefined ? {} : { path }),
    environment: variables,
    workingFolder,
    home,
    userHome,
  });
  if (loaded.warnings !== '') terminal.err.write(`${loaded.warnings}\n`);
  return loaded;
}

export function addConfigCommands(program: Command, context: CommandContext): void {
  const config = program.command('config').description('look at the configuration');
  config
    .command('validate')
    .description('say everything that is wrong with the configuration, with its place')
    .option('-c, --config <file>', 'the configuration file')
    .option('--json', 'print one JSON object')
    .action((options: JsonOption) => validate(context, options));
  config
    .command('show')
    .description('print the configuration as the gateway understands it, without secrets')
    .option('-c, --config <file>', 'the configuration file')
    .option('--json', 'print one JSON object')
    .action((options: JsonOption) => show(context, options));
  config
    .command('schema')
    .description('print the JSON Schema of the configuration, for editors')
    .option('-o, --out <file>', 'write it to a file')
    .action((options: { readonly out?: string }) => schema(context, options));
}

function validate(context: CommandContext, options: JsonOption): void {
  const { path, config } = readConfig(context, options);
  const servers = Object.keys(config.mcpServers).length;
  const bundles = config.policies.org.length;
  if (options.json === true) printJson(context.terminal, 'config-validate', { path, servers, bundles });
  else printLine(context.terminal, `${path} is good: ${servers} servers, ${bundles} bundles of the organisation`);
}

function show(context: CommandContext, options: JsonOption): void {
  const { path, config, secrets } = readConfig(context, options);
  const hidden: unknown = JSON.parse(hideSecrets(JSON.stringify(config), secrets));
  if (options.json === true) printJson(context.terminal, 'config-show', { path, config: hidden });
  else printLine(context.terminal, JSON.stringify(hidden, null, 2));
}

function hideSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((shown, secret) => shown.replaceAll(JSON.stringify(secret).slice(1, -1), '••••'), text);
}

function schema({ terminal }: CommandContext, { out }: { readonly out?: string }): void {
  const text = JSON.stringify(configJsonSchema(), null, 2);
  if (out === undefined) printLine(terminal, text);
  else writeFileSync(out, `${text}\n`);
}
