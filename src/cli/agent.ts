import { GatewayError } from '../core/errors.ts';
import { type ConfigOption, readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { type ShownAgent, shownAgents, type ShownServer } from '../app/shown-agents.ts';
import { paint, printJson, printLine, printTable, printWrapped, type Terminal, visible } from './terminal.ts';

export interface AgentOptions extends ConfigOption {
  readonly json?: boolean;
}

export async function list(context: CommandContext, options: AgentOptions): Promise<void> {
  const { terminal } = context;
  const { config } = readConfig(context, options);
  const agents = await shownAgents(config);
  if (options.json === true) return printJson(terminal, 'agent-ls', { agents: agents.map(inList) });
  if (agents.length === 0) return printLine(terminal, 'No agents are configured; every client reaches every server.');
  return printTable(terminal, ['agent', 'servers', 'tools', 'parent', 'scope'], agents.map(cellsOf));
}

export async function show(context: CommandContext, id: string, options: AgentOptions): Promise<void> {
  const { terminal } = context;
  const { config } = readConfig(context, options);
  const agent = (await shownAgents(config)).find((one) => one.id === id);
  if (agent === undefined) {
    throw new GatewayError('USAGE', `there is no agent "${id}" in the configuration`, {
      mend: `It has ${Object.keys(config.agents).join(', ') || 'none'}.`,
    });
  }
  if (options.json === true) return printJson(terminal, 'agent-show', { agent });
  return printAgent(terminal, agent);
}

function inList({ id, parent, scope, owner_team, model, servers }: ShownAgent): object {
  const reached = servers.filter((server) => server.reached);
  const profile = { id, parent, scope, owner_team, model };
  return { ...profile, servers: idsOf(reached), tools: countOf(reached), unlisted: idsOf(reached.filter(isUnlisted)) };
}

function idsOf(servers: readonly ShownServer[]): readonly string[] {
  return servers.map(({ id }) => id);
}

/** Whether its tools are not known yet. */
function isUnlisted({ tools }: ShownServer): boolean {
  return tools === null;
}

/** Of those that are known. */
function countOf(servers: readonly ShownServer[]): number {
  return servers.reduce((count, { tools }) => count + (tools?.length ?? 0), 0);
}

/** What must not be cut comes first. */
function cellsOf({ id, parent, scope, servers }: ShownAgent): readonly string[] {
  const reached = servers.filter((server) => server.reached);
  const count = countOf(reached);
  const hasMore = reached.some(isUnlisted);
  return [
    id,
    `${String(reached.length)} of ${String(servers.length)}`,
    hasMore && count === 0 ? '?' : `${String(count)}${hasMore ? '+' : ''}`,
    parent ?? '-',
    scope || '-',
  ];
}

function printAgent(terminal: Terminal, agent: ShownAgent): void {
  const { id, delegated_by: line, scope, owner_team: team, model, bundle, identity, servers } = agent;
  printLine(terminal, paint(terminal, 'bold', visible(id)));
  const facts = [
    ['for', line.join(', ')],
    ['scope', scope],
    ['team', team],
    ['model', model],
    ['policy', bundle === null ? '' : `${bundle.id} at ${bundle.path}`],
    ['asked', identity.flatMap((one) => askedOf(one, id)).join('; ')],
  ] as const;
  for (const [label, text] of facts) if (text !== '') printWrapped(terminal, label, text);
  if (servers.length > 0) printLine(terminal, '');
  const width = Math.max(...servers.map((server) => server.id.length));
  for (const server of servers) {
    printLine(terminal, `${server.id.padEnd(width)}  ${whatOf(server)}`);
    if (server.reached && server.tools !== null && server.tools.length > 0)
      printWrapped(terminal, '', server.tools.join(', '));
  }
}

function askedOf({ agent, bundles }: ShownAgent['identity'][number], id: string): readonly string[] {
  if (bundles.length === 0) return [];
  return [agent === id ? bundles.join(', ') : `of ${agent}: ${bundles.join(', ')}`];
}

function whatOf({ reached, tools, of }: ShownServer): string {
  if (!reached) return 'out of reach';
  if (tools === null) return 'its tools are not known yet';
  return `${String(tools.length)} of ${String(of)} tools`;
}
