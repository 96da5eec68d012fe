import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { rememberedTools, type ToolLists } from './trial.ts';
import { didYouMean, type LoadedCases, refuseCases } from '../config/case-file.ts';
import type { Config } from '../config/paths.ts';
import type { Complaint } from '../config/problems.ts';
import type { TreePath } from '../config/tree.ts';
import { messageOf } from '../core/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { isServerId, type ServerId } from '../core/names.ts';

/**
 * The tool definitions of the servers that a file is about: what it says of them, else what a gateway last saw. Throws
 * CONFIG_INVALID where a server is unknown, or its tools are.
 */
export async function toolsFor(loaded: LoadedCases, config: Config): Promise<ToolLists> {
  const { cases } = loaded;
  const stated = statedTools(loaded);
  const configured = Object.keys(config.mcpServers);
  const named = cases.servers?.map((id, at) => ({ id, path: ['servers', at] }));
  const all = [...stated.tools.keys()].map((id) => ({ id, path: ['tools', id] }));
  const wanted = named ?? configured.map((id) => ({ id, path: ['tools'] }));
  refuseCases(loaded, [
    ...stated.complaints,
    ...[...(named ?? []), ...(stated.isInline ? all : [])]
      .filter(({ id }) => !configured.includes(id))
      .map(({ id, path }): Complaint => unknownServer(id, path, configured)),
  ]);
  const lists = new Map<ServerId, readonly JsonObject[]>();
  const missing: Complaint[] = [];
  for (const { id, path } of wanted) {
    if (!isServerId(id)) continue;
    const tools = stated.tools.get(id) ?? (await rememberedTools(config, id));
    if (tools !== undefined) lists.set(id, tools);
    else if (named !== undefined) missing.push(unknownTools(id, path));
  }
  refuseCases(loaded, [...missing, ...(lists.size === 0 ? [unknownTools('any server', ['tools'])] : [])]);
  return lists;
}

function unknownServer(id: string, path: TreePath, configured: readonly string[]): Complaint {
  const message = `there is no server "${id}" in the configuration`;
  return { code: 'E_VALUE', path, message, help: didYouMean(id, configured, 'servers') };
}

function unknownTools(id: string, path: TreePath): Complaint {
  const message = `the tools of ${id} are not known: no gateway has listed them yet`;
  const help = 'name a file with their definitions under "tools", or start the gateway with this configuration once';
  return { code: 'E_VALUE', path, message, help };
}

interface Stated {
  readonly tools: ReadonlyMap<string, readonly JsonObject[]>;
  /** Whether the servers are named in the file itself: one of another file may be configured elsewhere. */
  readonly isInline: boolean;
  readonly complaints: readonly Complaint[];
}

function statedTools({ cases: { tools }, path }: LoadedCases): Stated {
  if (tools === undefined) return { tools: new Map(), isInline: false, complaints: [] };
  const complaints: Complaint[] = [];
  const read = (file: string, at: TreePath): Json => {
    try {
      return JSON.parse(readFileSync(resolve(dirname(path), file), 'utf8')) as Json;
    } catch (thrown) {
      complaints.push(unreadable(`"${file}" cannot be read: ${reasonOf(thrown)}`, at));
      return {};
    }
  };
  const listed = (value: Json, at: TreePath): readonly JsonObject[] => {
    const list = isJsonObject(value) ? value['tools'] : value;
    if (Array.isArray(list) && list.every(isJsonObject)) return list;
    complaints.push(unreadable('it holds no list of tools', at));
    return [];
  };
  const isInline = typeof tools !== 'string';
  const whole = isInline ? tools : read(tools, ['tools']);
  const entries = isJsonObject(whole) ? Object.entries(whole) : [];
  const lists = entries.map(([server, given]): [string, readonly JsonObject[]] => {
    const at = isInline ? ['tools', server] : ['tools'];
    const value = typeof given === 'string' ? read(given, at) : given;
    return [server, complaints.length > 0 ? [] : listed(value, at)];
  });
  return { tools: new Map(lists), isInline, complaints };
}

function reasonOf(thrown: unknown): string {
  const isMissing = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
  return isMissing ? 'there is no such file' : messageOf(thrown);
}

function unreadable(message: string, path: TreePath): Complaint {
  const help =
    'it has to be JSON: the result of tools/list, or such results by server, as `policy test --write-tools` writes them';
  return { code: 'E_FILE', path, message, help };
}
