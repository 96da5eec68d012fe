import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { type ImportPlan, type PlannedServer, planImport } from '../app/import-plan.ts';
import { commentsOf } from '../clients/comments.ts';
import type { FoundClient } from '../clients/entry.ts';
import { type ClientPlace, stateOfText } from '../clients/find.ts';
import { readFileText } from '../clients/file-text.ts';
import { type Machine, platformOf } from '../clients/machine.ts';
import { parseText } from '../clients/parse-text.ts';
import { clientOf, CLIENTS } from '../clients/table.ts';
import { withServer } from '../config/edit-servers.ts';
import { findConfig } from '../config/find.ts';
import { emptyConfig } from '../config/new-config.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';
import { mayHoldSecret } from '../core/plain-secrets.ts';
import { type ConfigOption, loadOptions } from './config.ts';
import type { CommandContext } from './context.ts';
import { counted } from './counted.ts';
import { secretsOf } from './secrets-of.ts';
import { printJson, printLine, printNote, printPage, visible } from './terminal.ts';

export interface MigrateOptions extends ConfigOption {
  readonly from?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** Of the format that this program writes. */
const NEWEST = 1;

/**
 * A configuration of the newest version stays as it is; the servers of a client's file become a configuration, which is
 * printed, or written to a file that is not there yet. Throws CONFIG_INVALID where the file is neither.
 */
export function migrate(context: CommandContext, file: string | undefined, options: MigrateOptions): void {
  const { terminal, environment } = context;
  const path =
    file === undefined ? findConfig(loadOptions(context, options)) : resolve(environment.workingFolder, file);
  const text = textOf(path);
  const version = versionIn(text);
  if (version !== undefined) {
    if (version > NEWEST) {
      throw new GatewayError('CONFIG_INVALID', `${path} is of version ${String(version)}`, {
        mend: 'Install the mcp-gateway that wrote it, or a newer one.',
      });
    }
    if (options.json === true) return printJson(terminal, 'config-migrate', { path, version, isChanged: false });
    return printLine(terminal, `${path} is of version ${String(version)}, the newest; nothing was changed.`);
  }
  const machine = machineOf(context);
  const { place, found: client } = readAs(path, text, { machine, from: options.from });
  const secrets = secretsOf(environment);
  const plan = planImport([client], {
    written: {},
    isTaken: (id) => /^(?:agent|starter)-/.test(id),
    secretOf: secrets.read,
    variables: environment.variables,
  });
  const comments = keptComments(text, place, plan);
  const converted = plan.servers.reduce(
    (config, server) => withServer(config, { ...server, comments: comments.of(server) }),
    emptyConfig(),
  );
  const { out } = options;
  if (out !== undefined) {
    for (const { name, value } of plan.secrets) if (secrets.read(name) !== value) secrets.write(name, value);
    create(resolve(environment.workingFolder, out), converted);
  }
  sayRemarks(context, plan, out);
  if (comments.left > 0)
    printNote(terminal, `${counted(comments.left, 'line')} of comments in ${path} may hold a secret: not taken over`);
  if (options.json === true) return printJson(terminal, 'config-migrate', asJson(path, converted, plan));
  if (out === undefined) return printPage(terminal, converted);
  return printLine(terminal, `Wrote ${counted(plan.servers.length, 'server')} to ${out}.`);
}

interface KeptComments {
  readonly of: (server: PlannedServer) => readonly string[];
  /** Lines that were not taken over. */
  readonly left: number;
}

/** What is written about each server; less the lines in which a secret may stand, such as an entry that is commented out. */
function keptComments(text: string, place: ClientPlace, { secrets }: ImportPlan): KeptComments {
  const comments = commentsOf(text, place);
  const isOpen = (line: string): boolean =>
    mayHoldSecret(line) || secrets.some(({ value }) => value !== '' && line.includes(value));
  return {
    of: ({ from }) =>
      from.flatMap(({ name }) => (comments.get(name) ?? []).filter((line) => !isOpen(line)).map(visible)),
    left: [...comments.values()].flat().filter(isOpen).length,
  };
}

function textOf(path: string): string {
  const file = readFileText(path);
  if (file.kind === 'text') return file.text;
  const why = file.kind === 'unreadable' ? file.why : 'is not there';
  throw new GatewayError('CONFIG_NOT_FOUND', `${path} ${why}`, { mend: 'Name a file that you can read.' });
}

function versionIn(text: string): number | undefined {
  const parsed = parseText(text, 'yaml');
  const version = parsed.kind === 'value' && isJsonObject(parsed.value) ? parsed.value['version'] : undefined;
  return typeof version === 'number' ? version : undefined;
}

function machineOf({ environment }: CommandContext): Machine {
  const { userHome: home, variables, workingFolder } = environment;
  return { platform: platformOf(process.platform), home, environment: variables, workingFolder };
}

/** What a block of `mcpServers` from anybody's README is read as: names of variables in braces, and nothing else. */
const USUAL = 'claude-code';

/** The file as the client reads it whose servers it has; where several would, as the one whose file has that name. */
function readAs(
  path: string,
  text: string,
  { machine, from }: { readonly machine: Machine; readonly from: string | undefined },
): { readonly place: ClientPlace; readonly found: FoundClient } {
  const wanted = from === undefined ? CLIENTS : [clientOf(from) ?? unknownClient(from)];
  const places = wanted.flatMap((client) =>
    client.places.flatMap(({ at, scope, path: paths }): readonly (ClientPlace & { readonly isNamed: boolean })[] => {
      const names = Object.values(paths).map((template) => basename(template));
      return at.includes('.') ? [] : [{ client, scope, path, at, isNamed: names.includes(basename(path)) }];
    }),
  );
  const fitting = places.filter(({ client, at }) => hasServers(text, client.syntax, at));
  const place =
    fitting.find(({ isNamed }) => isNamed) ??
    fitting.find(({ client }) => client.id === USUAL) ??
    fitting[0] ??
    places[0];
  const state = place === undefined ? undefined : stateOfText(text, place, machine);
  if (place === undefined || state === undefined || state.kind !== 'read' || fitting.length === 0) {
    const why = state?.kind === 'broken' ? state.problem : `${path} has neither a version nor the servers of a client`;
    throw new GatewayError('CONFIG_INVALID', why, { mend: 'Name the client with --from, or mend the file.' });
  }
  return { place, found: { id: place.client.id, name: place.client.name, scope: place.scope, path, state } };
}

function hasServers(text: string, syntax: (typeof CLIENTS)[number]['syntax'], at: readonly string[]): boolean {
  const parsed = parseText(text, syntax);
  if (parsed.kind !== 'value') return false;
  const found = at.reduce<unknown>((value, key) => (isJsonObject(value) ? value[key] : undefined), parsed.value);
  return typeof found === 'object' && found !== null;
}

function unknownClient(id: string): never {
  const known = CLIENTS.map((client) => client.id).join(', ');
  throw new GatewayError('USAGE', `there is no client "${id}"`, { mend: `Known are ${known}.` });
}

function create(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, text, { mode: 0o600, flag: 'wx', flush: true });
  } catch (thrown) {
    throw new GatewayError('USAGE', `${path} cannot be written: ${messageOf(thrown)}`, {
      mend: 'Name a file that is not there yet.',
      cause: thrown,
    });
  }
}

function sayRemarks(
  { terminal }: CommandContext,
  { secrets, refused, servers }: ImportPlan,
  out: string | undefined,
): void {
  const needed = [...new Set(servers.flatMap((server) => server.needed))];
  const open = secrets.map(({ name }) => name);
  const moved = out === undefined ? open : [];
  if (open.length > 0 && out !== undefined) printNote(terminal, `Kept as secrets: ${open.join(', ')}`);
  for (const name of [...needed, ...moved])
    printNote(terminal, `Its value has to be given: mcp-gateway secret set ${name}`);
  for (const { name, why } of refused) printNote(terminal, `${name} ${why}, and was left out`);
}

function asJson(path: string, config: string, { servers, secrets, refused }: ImportPlan): object {
  return {
    path,
    version: NEWEST,
    isChanged: true,
    config,
    servers: servers.map(({ id, needed, unset }) => ({ id, needed, unset })),
    secrets: secrets.map(({ name, server, place }) => ({ name, server, place })),
    refused: refused.map(({ name, why }) => ({ name, why })),
  };
}
