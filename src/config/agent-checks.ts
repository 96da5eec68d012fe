import { type AgentReach, isInReach } from '../core/agent-reach.ts';
import { MOST_AGENTS_IN_LINE } from '../core/principal.ts';
import type { Complaint } from './problems.ts';
import type { ConfigFile } from './schema.ts';
import { nearest } from './suggest.ts';
import type { TreePath } from './tree.ts';

type Agents = ConfigFile['agents'];

/** What is wrong with agents, and with who stands above whom. */
export function agentComplaints({ agents }: ConfigFile): readonly Complaint[] {
  const ids = Object.keys(agents);
  return [
    ...ids.flatMap((id) => bundleComplaints(id, agents)),
    ...ids.flatMap((id) => parentComplaints(id, agents)),
    ...ids.flatMap((id) => beyondParent(id, agents)),
  ];
}

/** Characters that the id of a bundle may have, of which `agent-` takes its part. */
const MAX_BUNDLE_ID = 64;

/** Rules are called `<bundle>/<rule>`, so what a bundle is called has to fit its name. */
function bundleComplaints(id: string, agents: Agents): readonly Complaint[] {
  if (agents[id]?.policy === undefined) return [];
  if (/^[a-z0-9-]+$/.test(id) && `agent-${id}`.length <= MAX_BUNDLE_ID) return [];
  return [
    {
      code: 'E_NAME',
      path: ['agents', id, 'policy'],
      message: `the bundle cannot be called "agent-${id}"`,
      help: 'give the agent an id of at most 58 lower-case letters, digits and hyphens',
      isAboutKey: true,
    },
  ];
}

function parentComplaints(id: string, agents: Agents): readonly Complaint[] {
  const parent = parentOf(id, agents);
  if (parent === undefined) return [];
  const path: TreePath = ['agents', id, 'parent'];
  if (!Object.hasOwn(agents, parent)) {
    const others = Object.keys(agents).filter((other) => other !== id);
    const meant = nearest(parent, others);
    const help = meant === undefined ? `the others are ${others.join(', ') || 'none'}` : `did you mean "${meant}"?`;
    return [{ code: 'E_CONFLICT', path, message: `there is no agent "${parent}"`, help }];
  }
  const line = lineOf(id, agents);
  if (line.includes(id)) return loopComplaints(line, path, agents);
  if (line.length < MOST_AGENTS_IN_LINE) return [];
  const message = `${String(line.length + 1)} agents stand in one line: ${[id, ...line].join(' → ')}`;
  return [{ code: 'E_CONFLICT', path, message, help: `at most ${String(MOST_AGENTS_IN_LINE)} may` }];
}

/** Said once, of the member that stands first in the file. `line` ends with the agent that it is of. */
function loopComplaints(line: readonly string[], path: TreePath, agents: Agents): readonly Complaint[] {
  const begin = line.at(-1) ?? '';
  if (Object.keys(agents).find((id) => line.includes(id)) !== begin) return [];
  const message = `an agent cannot stand above itself: ${[begin, ...line].join(' → ')}`;
  return [{ code: 'E_CONFLICT', path, message, help: 'leave out one of these parents' }];
}

/** What an agent asks for by name and does not get, because somebody above it does not reach it. */
function beyondParent(id: string, agents: Agents): readonly Complaint[] {
  const { servers = [], tools = [] } = agents[id] ?? {};
  const wanted = [
    ...servers.map((pattern, at) => ({ pattern, server: pattern, tool: '', path: ['agents', id, 'servers', at] })),
    ...tools.map((pattern, at) => ({ pattern, ...partsOf(pattern), path: ['agents', id, 'tools', at] })),
  ];
  const line = lineOf(id, agents).filter((ancestor) => ancestor !== id);
  return wanted.flatMap(({ pattern, server, tool, path }) => {
    // A star is within a reach only where that has a star itself: it is compared like a name.
    const limit = line.find((ancestor) => !isInReach(reachOf(ancestor, agents), server, tool));
    if (limit === undefined) return [];
    const message = `"${pattern}" is beyond the reach of "${limit}", which bounds "${id}"`;
    return [{ code: 'N_BEYOND_PARENT' as const, path, message, help: 'the agent gets what both reach' }];
  });
}

/** Who stands above an agent, the nearest first; in a loop it ends with the first that comes again. */
function lineOf(id: string, agents: Agents): readonly string[] {
  const line: string[] = [];
  let parent = parentOf(id, agents);
  while (parent !== undefined && !line.includes(parent)) {
    line.push(parent);
    parent = parent === id ? undefined : parentOf(parent, agents);
  }
  return line;
}

function parentOf(id: string, agents: Agents): string | undefined {
  return Object.hasOwn(agents, id) ? agents[id]?.parent : undefined;
}

function reachOf(id: string, agents: Agents): AgentReach | undefined {
  if (!Object.hasOwn(agents, id)) return undefined;
  const { servers, tools } = agents[id] ?? {};
  return { servers, tools };
}

function partsOf(pattern: string): { readonly server: string; readonly tool: string } {
  const slash = pattern.indexOf('/');
  return { server: pattern.slice(0, slash), tool: pattern.slice(slash + 1) };
}
