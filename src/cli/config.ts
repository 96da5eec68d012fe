import { writeFileSync } from 'node:fs';
import { configJsonSchema } from '../config/json-schema.ts';
import { type LoadedConfig, loadConfig, type LoadOptions } from '../config/load.ts';
import { maskedText } from '../core/masked-text.ts';
import type { CommandContext } from './context.ts';
import { secretsOf } from './secrets-of.ts';
import { printJson, printLine, printNote, printPrettyJson } from './terminal.ts';

export interface ConfigOption {
  readonly config?: string;
}

export interface SchemaOption {
  readonly out?: string;
}

export interface ShowOption extends ConfigOption {
  readonly json?: boolean;
}

/** The configuration that a command works with; doubtful things in it are said on stderr. */
export function readConfig(context: CommandContext, options: ConfigOption): LoadedConfig {
  const loaded = loadConfig(loadOptions(context, options));
  if (loaded.warnings !== '') printNote(context.terminal, loaded.warnings);
  return loaded;
}

export function loadOptions({ environment }: CommandContext, { config: path }: ConfigOption): LoadOptions {
  const { variables, workingFolder, home, userHome } = environment;
  return {
    ...(path === undefined ? {} : { path }),
    environment: variables,
    workingFolder,
    home,
    userHome,
    readSecret: secretsOf(environment).read,
  };
}

export function validate(context: CommandContext, options: ShowOption): void {
  const { path, config, notes } = readConfig(context, options);
  if (notes !== '') printNote(context.terminal, notes);
  const servers = Object.keys(config.mcpServers).length;
  const bundles = config.policies.org.length;
  if (options.json === true) printJson(context.terminal, 'config-validate', { path, servers, bundles });
  else printLine(context.terminal, `${path} is good: ${servers} servers, ${bundles} bundles of the organisation`);
}

export function show(context: CommandContext, options: ShowOption): void {
  const { path, config, secrets } = readConfig(context, options);
  const hidden: unknown = withoutSecrets(config, secrets);
  if (options.json === true) printJson(context.terminal, 'config-show', { path, config: hidden });
  else printPrettyJson(context.terminal, hidden);
}

/** A value as it may be shown: JSON, with dots in the place of secrets. */
export function withoutSecrets<T>(value: T, secrets: readonly string[]): T {
  return JSON.parse(hideSecrets(JSON.stringify(value), secrets)) as T;
}

function hideSecrets(text: string, secrets: readonly string[]): string {
  return maskedText(
    text,
    secrets.map((secret) => JSON.stringify(secret).slice(1, -1)),
  );
}

export function schema({ terminal }: CommandContext, { out }: SchemaOption): void {
  const text = JSON.stringify(configJsonSchema(), null, 2);
  if (out === undefined) printLine(terminal, text);
  else writeFileSync(out, `${text}\n`);
}
