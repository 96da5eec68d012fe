import { writeFileSync } from 'node:fs';
import { configJsonSchema } from '../config/json-schema.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { maskedText } from '../core/masked-text.ts';
import type { CommandContext } from './context.ts';
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
export function readConfig({ environment, terminal }: CommandContext, { config: path }: ConfigOption): LoadedConfig {
  const { variables, workingFolder, home, userHome } = environment;
  const loaded = loadConfig({
    ...(path === undefined ? {} : { path }),
    environment: variables,
    workingFolder,
    home,
    userHome,
  });
  if (loaded.warnings !== '') printNote(terminal, loaded.warnings);
  return loaded;
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
