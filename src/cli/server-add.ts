import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { accept, definitionsIn, lockedAs, refuseBadBundle, summaryOf } from '../app/unit.ts';
import { type ServerEntry, withServer } from '../config/edit-servers.ts';
import type { LoadedConfig } from '../config/load.ts';
import { replaceFile } from '../config/replace-file.ts';
import { GatewayError } from '../core/errors.ts';
import { isServerId, type ServerId } from '../core/names.ts';
import { readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { confirmed, look, type UnitWork, unitWork } from './server-unit.ts';
import type { ServerOptions } from './server.ts';
import { groupsOf, printGroups, printUnit, toolAsJson } from './shown-unit.ts';
import { printJson, printLine } from './terminal.ts';

export interface AddOptions extends ServerOptions {
  readonly url?: string;
  readonly env?: readonly string[];
  readonly yes?: boolean;
}

/**
 * Adds a server to the configuration, starts it once, shows what it offers, and accepts all of it when the person says so.
 * Where it does not start, or nobody accepts it, nothing is written.
 */
export function add(
  context: CommandContext,
  { id, command }: { readonly id: string; readonly command: readonly string[] },
  options: AddOptions,
): Promise<void> {
  const entry = entryOf(id, command, options);
  return unitWork(context, options, async (work) => {
    refuseKnown(id, work.loaded);
    const { path } = work.loaded;
    const draft = draftOf(withServer(readFileSync(path, 'utf8'), entry), path);
    try {
      const loaded = readConfig(silenced(context), { config: draft });
      await addFrom({ work, loaded, entry, options, write: () => put(path, entry) });
    } finally {
      rmSync(draft, { force: true });
    }
  });
}

interface Adding {
  readonly work: UnitWork;
  /** The configuration as it will be. */
  readonly loaded: LoadedConfig;
  readonly entry: ServerEntry & { readonly id: ServerId };
  readonly options: AddOptions;
  readonly write: () => void;
}

async function addFrom({ work, loaded, entry, options, write }: Adding): Promise<void> {
  const { terminal } = work.context;
  const { id } = entry;
  const looked = await look(id, work, { loaded, accepted: undefined });
  refuseBadBundle(looked);
  if (options.json !== true) {
    printUnit(terminal, looked);
    printGroups(terminal, looked.tools);
  }
  const question = `Add ${id} and accept its ${String(looked.tools.length)} tools?`;
  if (options.yes !== true && !(await confirmed(work.context, question, 'Add --yes to accept what it offers.'))) {
    return printLine(terminal, 'Nothing was added.');
  }
  const locked = lockedAs(looked);
  const act = await accept(work, {
    id,
    next: () => locked,
    definitions: definitionsIn(looked),
    looked,
    act: { verb: 'server.add', subject: id, before: null, after: summaryOf(locked), reason: '' },
    alongside: write,
  });
  const tools = looked.tools.map(toolAsJson);
  if (options.json === true) {
    const { unit } = looked;
    return printJson(terminal, 'server-add', { server: id, unit, groups: groupsOf(looked.tools), tools, act });
  }
  return printLine(terminal, `Added ${id}. Its tools are pinned in ${basename(work.lockPath)}.`);
}

function entryOf(
  id: string,
  command: readonly string[],
  { url, env = [] }: AddOptions,
): ServerEntry & { readonly id: ServerId } {
  if (!isServerId(id)) {
    throw new GatewayError('USAGE', `"${id}" cannot be the id of a server`, {
      mend: 'Use up to 20 small letters, digits and hyphens, the first one no hyphen.',
    });
  }
  const [program, ...args] = command;
  if ((program === undefined) === (url === undefined)) {
    throw new GatewayError('USAGE', 'a server has a command or an address', {
      mend: `Write \`server add ${id} -- COMMAND ARGS…\`, or \`server add ${id} --url ADDRESS\`.`,
    });
  }
  if (url !== undefined) return { id, settings: { url } };
  const environment = Object.fromEntries(env.map(variableOf));
  const settings = { command: program, ...(args.length > 0 && { args }), ...(env.length > 0 && { env: environment }) };
  return { id, settings };
}

/** `NAME=value`, or `NAME` for what the gateway has under that name when it starts. */
function variableOf(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  return at === -1 ? [text, `\${${text}}`] : [text.slice(0, at), text.slice(at + 1)];
}

function refuseKnown(id: string, { config }: LoadedConfig): void {
  if (!Object.hasOwn(config.mcpServers, id)) return;
  throw new GatewayError('USAGE', `there is a server "${id}" already`, {
    mend: 'Take another id, or accept what it offers now with `mcp-gateway server approve`.',
  });
}

/** The configuration as it will be lies beside what it was, because paths in it are relative to its folder. */
function draftOf(text: string, path: string): string {
  const draft = join(dirname(path), `.${basename(path, extname(path))}.${randomUUID()}${extname(path)}`);
  const mode = statSync(path).mode & 0o777;
  writeFileSync(draft, text, { mode, flag: 'wx' });
  return draft;
}

/** What somebody else has changed in the file meanwhile is kept. */
function put(path: string, entry: ServerEntry): void {
  replaceFile(path, withServer(readFileSync(path, 'utf8'), entry));
}

/** The warnings of the configuration have been said before. */
function silenced(context: CommandContext): CommandContext {
  const err = Object.assign(Object.create(context.terminal.err) as NodeJS.WriteStream, { write: () => true });
  return { ...context, terminal: { ...context.terminal, err } };
}
