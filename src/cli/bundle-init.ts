import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type AskedServer,
  type AskOptions,
  commandServer,
  configuredServer,
  readServerTools,
} from '../app/server-tools.ts';
import { effectOf } from '../catalog/effect.ts';
import type { ToolEffect } from '../core/action.ts';
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { isServerId, type ServerId } from '../core/names.ts';
import { formatRego } from '../review/format-rego.ts';
import { scaffoldBundle, type ScaffoldTool } from '../review/scaffold.ts';
import { withLoader } from './bundle-loader.ts';
import { type ConfigOption, readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { stderrLogger } from './log.ts';
import { clock, knownServer, signInsOf } from './server-sign-ins.ts';
import { printJson, printLine } from './terminal.ts';
import { VERSION } from './version.ts';

export interface InitOptions extends ConfigOption {
  readonly server?: string;
  readonly owner?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** Writes a first bundle from the tools that a server lists. */
export async function init(
  context: CommandContext,
  { folder, command }: { readonly folder: string; readonly command: readonly string[] },
  options: InitOptions,
): Promise<void> {
  const { terminal, environment } = context;
  const target = resolve(environment.workingFolder, folder);
  if (options.force !== true) refuseFull(target, folder);
  const { asked, definitions } = await ask(context, command, options);
  const tools = definitions.flatMap(toolOf);
  const server = asked.definition.id;
  if (tools.length === 0) {
    throw new GatewayError('USAGE', `the server ${server} lists no tools, so there is nothing to write rules for`, {
      mend: 'Some servers list tools only with their settings or a sign-in: start it as a client would, with the same environment.',
    });
  }
  const { package: name, version } = asked;
  const owner = options.owner ?? `the authors of ${name === '' ? server : name}`;
  const written = scaffoldBundle({ server, package: name, version, tools, owner });
  const files = await withLoader(context, ({ toolchain }) => formatRego(written, toolchain));
  for (const [file, text] of files) write(target, file, text);
  const counts = countsOf(tools);
  if (options.json === true) {
    return printJson(terminal, 'bundle-init', {
      path: folder,
      server,
      package: name,
      version,
      tools: counts,
      files: [...files.keys()],
    });
  }
  printLine(terminal, `wrote ${[...files.keys()].join(', ')} into ${folder}`);
  printLine(
    terminal,
    `${server} has ${tools.length} tools: ${EFFECTS.map((effect) => `${counts[effect]} ${WORDS[effect]}`).join(', ')}`,
  );
  return printLine(
    terminal,
    `Next: look at the groups in ${folder}/README.md, then run mcp-gateway bundle check ${folder}`,
  );
}

const EFFECTS = ['read', 'write', 'destroy', 'unknown'] as const;
const WORDS = { read: 'read', write: 'write', destroy: 'destroy', unknown: 'say nothing' } as const;

function refuseFull(target: string, folder: string): void {
  const found = entriesOf(target);
  if (found.length === 0) return;
  throw new GatewayError(
    'USAGE',
    `${folder} is not empty: it has ${found.slice(0, 3).join(', ')}${found.length > 3 ? ', …' : ''}`,
    {
      mend: 'Name a new folder, or add --force to write over the files of a bundle that are in it.',
    },
  );
}

function entriesOf(target: string): readonly string[] {
  try {
    return readdirSync(target);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return [];
    throw new GatewayError('USAGE', `${target} is no folder that can be written to`, { cause: thrown });
  }
}

interface Asked {
  readonly asked: AskedServer;
  readonly definitions: readonly JsonObject[];
}

/** Ctrl-C ends the server with the command. */
async function ask(context: CommandContext, command: readonly string[], options: InitOptions): Promise<Asked> {
  const { variables, home, workingFolder: cwd } = context.environment;
  const ending = new AbortController();
  const stop = (): void => ending.abort(new GatewayError('CANCELLED', 'It was interrupted.'));
  process.once('SIGINT', stop);
  const askOptions: AskOptions = {
    home,
    version: VERSION,
    host: { platform: process.platform, nodePath: process.execPath, environment: variables },
    clock,
    logger: stderrLogger('error'),
    signal: ending.signal,
  };
  try {
    const [program, ...args] = command;
    if (program !== undefined) {
      const asked = await commandServer({ id: idOf(options.server), command: program, args, cwd }, askOptions);
      const named =
        options.server === undefined
          ? { ...asked, definition: { ...asked.definition, id: idFrom(asked, command) } }
          : asked;
      return { asked: named, definitions: await readServerTools(named, askOptions) };
    }
    return await askConfigured(context, options, askOptions);
  } finally {
    process.removeListener('SIGINT', stop);
  }
}

async function askConfigured(context: CommandContext, options: InitOptions, askOptions: AskOptions): Promise<Asked> {
  const { config } = readConfig(context, options);
  const ids = Object.keys(config.mcpServers);
  const [only] = ids;
  const wanted = options.server ?? (ids.length === 1 ? only : undefined);
  if (wanted === undefined) {
    throw new GatewayError('USAGE', 'which server shall be asked for its tools?', {
      mend: `Add --server with one of ${ids.join(', ')}, or give a command: mcp-gateway bundle init DIR -- node server.js`,
    });
  }
  const id = knownServer(config, wanted);
  const signIns = signInsOf(context, config, (_name, work) => work());
  const withSignIns = { ...askOptions, authorizerFor: (server: ServerId) => signIns.authorizerFor(server, '') };
  try {
    const asked = await configuredServer(config, id, withSignIns);
    return { asked, definitions: await readServerTools(asked, withSignIns) };
  } finally {
    signIns.close();
  }
}

function idOf(given: string | undefined): ServerId {
  const id = given ?? 'server';
  if (isServerId(id)) return id;
  throw new GatewayError('USAGE', `"${id}" is no id of a server`, {
    mend: 'An id has at most 20 lower-case letters, digits and dashes, and begins with a letter or digit.',
  });
}

/** What people would call the server: its package without the words that say it is a server, else its file. */
function idFrom({ package: name }: AskedServer, command: readonly string[]): ServerId {
  const script = command.find((part) => /[/\\.]/.test(part)) ?? command[0] ?? '';
  const base =
    (name === '' ? script.replace(/\.[a-z]+$/i, '') : name).split(/[/\\@]/).findLast((part) => part !== '') ?? '';
  const words = base
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '' && word !== 'mcp' && word !== 'server');
  const id = words.join('-').slice(0, 20).replace(/-+$/, '');
  return idOf(id === '' ? 'server' : id);
}

function toolOf(definition: JsonObject): readonly ScaffoldTool[] {
  const { name, description } = definition;
  if (typeof name !== 'string' || name === '') return [];
  const says = typeof description === 'string' ? (description.trim().split('\n', 1)[0] ?? '') : '';
  return [{ name, says, effect: effectOf(name, definition) }];
}

function countsOf(tools: readonly ScaffoldTool[]): Readonly<Record<ToolEffect, number>> {
  const count = (wanted: ToolEffect): number => tools.filter(({ effect }) => effect === wanted).length;
  return { read: count('read'), write: count('write'), destroy: count('destroy'), unknown: count('unknown') };
}

function write(target: string, file: string, text: string): void {
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, file), text);
}
