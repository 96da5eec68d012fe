import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type ImportPlan, planImport } from '../app/import-plan.ts';
import type { FoundClient } from '../clients/entry.ts';
import { findClients } from '../clients/find.ts';
import { platformOf } from '../clients/machine.ts';
import { CLIENTS } from '../clients/table.ts';
import { withServer } from '../config/edit-servers.ts';
import { configIn } from '../config/find.ts';
import { loadConfig } from '../config/load.ts';
import { emptyConfig, writtenServers } from '../config/new-config.ts';
import { movedSecrets } from '../config/move-secrets.ts';
import { GatewayError } from '../core/errors.ts';
import { maskedText } from '../core/masked-text.ts';
import { LAYERS } from '../core/opinion.ts';
import { lineDiff } from '../review/line-diff.ts';
import { loadOptions } from './config.ts';
import type { CommandContext } from './context.ts';
import type { InitOptions } from './init.ts';
import { secretsOf } from './secrets-of.ts';

/** What `init` is about to do. */
export interface Draft {
  /** Of the configuration; absolute. */
  readonly path: string;
  readonly isNew: boolean;
  readonly before: string;
  readonly after: string;
  /** In the unified format, without what is secret; empty where nothing changes. */
  readonly diff: string;
  /** Those that are on this machine. */
  readonly clients: readonly FoundClient[];
  readonly plan: ImportPlan;
  /** Names of secrets that somebody has to give; sorted. */
  readonly needed: readonly string[];
  /** A configuration in the working folder, which commands that run there would take. */
  readonly nearer: string | undefined;
}

/** Reads what is there, and writes nothing. Throws CONFIG_INVALID where the configuration that is there is broken. */
export function makeDraft(context: CommandContext, options: InitOptions): Draft {
  const { environment } = context;
  const { workingFolder, home, variables } = environment;
  const path = placeOf(context, options);
  const isNew = !existsSync(path);
  const clients = clientsOn(context, options.from);
  const loaded = isNew ? undefined : loadConfig(loadOptions(context, { config: path }));
  const secrets = secretsOf(environment);
  const others = [
    ...(loaded?.config.policies.org ?? []).map(({ id }) => id),
    ...LAYERS.map((layer) => `starter-${layer}`),
  ];
  const reserved = new Set([...others, ...Object.keys(loaded?.config.mcpServers ?? {})]);
  // What a project brings with it was written by others, and `--yes` would start it.
  const own = clients.filter(({ scope }) => scope !== 'project');
  const plan = planImport(own, {
    written: isNew ? {} : writtenServers(path),
    isTaken: (id) => reserved.has(id) || id.startsWith('agent-'),
    secretOf: secrets.read,
    variables,
  });
  const before = isNew ? '' : readFileSync(path, 'utf8');
  const after = plan.servers.reduce((text, entry) => withServer(text, entry), isNew ? emptyConfig() : before);
  const nearer = configIn(workingFolder);
  return {
    path,
    isNew,
    before,
    after,
    diff: isNew
      ? allAdded(after)
      : maskedText(lineDiff(before, after, path), [...(loaded?.secrets ?? []), ...openSecretsIn(path, before)]),
    clients,
    plan,
    needed: [...new Set(plan.servers.flatMap(({ needed }) => needed))].toSorted(),
    nearer: nearer === path || workingFolder === home ? undefined : nearer,
  };
}

function allAdded(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, '+');
}

/** What stands in a configuration in the open is not shown for standing there. */
function openSecretsIn(path: string, text: string): readonly string[] {
  const values = movedSecrets({ path, name: path, text }, () => undefined).moved.map(({ value }) => value);
  return values.toSorted((left, right) => right.length - left.length);
}

/** What `--config` or `MCP_GATEWAY_CONFIG` names, what lies in the home folder, or what will lie there. */
function placeOf({ environment }: CommandContext, { config }: InitOptions): string {
  const { variables, workingFolder, home } = environment;
  const named = config ?? variables['MCP_GATEWAY_CONFIG'];
  if (named !== undefined && named !== '') return resolve(workingFolder, named);
  return configIn(home) ?? join(home, 'mcp-gateway.yaml');
}

function clientsOn({ environment }: CommandContext, from: readonly string[] | undefined): readonly FoundClient[] {
  const { userHome: home, workingFolder, variables } = environment;
  const ids = CLIENTS.map(({ id }) => id);
  const unknown = from?.find((id) => !ids.includes(id));
  if (unknown !== undefined) {
    throw new GatewayError('USAGE', `there is no client "${unknown}"`, { mend: `Known are ${ids.join(', ')}.` });
  }
  const found = findClients({ platform: platformOf(process.platform), home, environment: variables, workingFolder });
  return found.filter((client) => isThere(client) && (from === undefined || from.includes(client.id)));
}

/** A folder for which a client keeps nothing is no place of its own. */
function isThere({ scope, state }: FoundClient): boolean {
  if (state.kind === 'absent') return false;
  return scope === 'user' || state.kind !== 'read' || state.servers.length + state.refused.length > 0;
}
