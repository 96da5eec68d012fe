import type { FoundClient } from '../clients/entry.ts';
import type { Origin } from '../app/import-plan.ts';
import { counted } from './counted.ts';
import type { Accepted } from './init-accept.ts';
import type { Draft } from './init-draft.ts';
import { paint, printLine, printTable, type Terminal, visible } from './terminal.ts';

/** What was found, and what would be done about it. No value of a secret stands in it. */
export function printDraft(terminal: Terminal, draft: Draft): void {
  const { clients, plan, path, isNew, diff, nearer } = draft;
  const head = `Found ${counted(new Set(clients.map(({ id }) => id)).size, 'client')} on this machine`;
  printLine(terminal, `${paint(terminal, 'bold', head)} (nothing has been changed yet)`);
  for (const client of clients) printLine(terminal, visible(`  ${client.name}  ${stateText(client)}`));
  const { servers } = plan;
  if (servers.length > 0) {
    printLine(terminal, '');
    const rows = servers.map(({ id, settings, from }) => [id, originsText(from), targetText(settings)]);
    printTable(terminal, ['new server', 'from', 'at'], rows);
  }
  for (const line of remarksOn(draft)) printLine(terminal, visible(line));
  if (nearer !== undefined) {
    printLine(terminal, visible(`Commands that run in this folder use ${nearer} instead of ${path}.`));
  }
  printLine(terminal, '');
  if (diff === '') printLine(terminal, visible(`${path} has all of it already.`));
  else printLine(terminal, paint(terminal, 'bold', visible(`${isNew ? 'Will write' : 'Will change'} ${path}`)));
  for (const line of diff.split('\n').filter(Boolean)) printLine(terminal, coloured(terminal, visible(line)));
}

function stateText({ path, scope, state }: FoundClient): string {
  if (state.kind === 'broken') return `cannot be read: ${state.problem}; it was left as it is`;
  if (state.kind !== 'read') return 'no servers yet';
  const where = scope === 'user' ? '' : ` of this ${scope === 'project' ? 'project' : 'folder'}`;
  const connected = state.isConnected ? ', connected' : '';
  return `${counted(state.servers.length, 'server')}${where}${connected}  ${path}`;
}

function targetText({ command, args, url }: Readonly<Record<string, unknown>>): string {
  if (typeof url === 'string') return url.replace(/\?.*$/, '');
  const words = Array.isArray(args) ? args.map(String) : [];
  return [String(command), ...words].join(' ');
}

function originsText(from: readonly Origin[]): string {
  return [...new Set(from.map(({ client }) => client))].join(', ');
}

function remarksOn({ plan, needed, clients }: Draft): readonly string[] {
  const { secrets, twins, known, refused, servers } = plan;
  const unset = servers.flatMap(({ id, unset: names }) => names.map((name) => `  ${name}, for ${id}`));
  return [
    ...section(
      `${counted(secrets.length, 'secret')} in plain text, kept as secrets from now on:`,
      secrets.map(({ name, place }) => `  ${place} → \${secret:${name}}`),
    ),
    ...section(
      'Values that the clients ask for, and somebody has to give:',
      needed.map((name) => `  ${name}`),
    ),
    ...section('Variables that are not set here, and are empty until they are set where the gateway starts:', unset),
    ...section(
      'The same server, given different values; both are kept:',
      twins.map(({ ids, differing }) => `  ${ids.join(' and ')} differ in ${differing.join(', ')}`),
    ),
    ...section(
      'In the configuration already:',
      known.map(({ client, name, id }) => `  ${name} of ${client}, as ${id}`),
    ),
    ...section(
      'Of this project, so not taken over:',
      clients.filter(hasOfProject).map(({ path }) => `  ${path}; make a configuration of it with config migrate`),
    ),
    ...section(
      'Not taken over:',
      refused.map(({ client, name, why }) => `  ${name} of ${client} ${why}`),
    ),
  ];
}

function hasOfProject({ scope, state }: FoundClient): boolean {
  return scope === 'project' && state.kind === 'read' && state.servers.length > 0;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines];
}

function coloured(terminal: Terminal, line: string): string {
  if (line.startsWith('+')) return paint(terminal, 'green', line);
  return line.startsWith('-') ? paint(terminal, 'red', line) : line;
}

/** What came of the servers that were started. */
export function printAccepted(terminal: Terminal, accepted: readonly Accepted[]): void {
  if (accepted.length > 0) printLine(terminal, '');
  for (const one of accepted) {
    const [first = '', ...rest] = resultText(one).split('\n');
    printLine(terminal, visible(`${one.server}  ${first}`));
    for (const line of rest) printLine(terminal, visible(line));
    if (one.state === 'failed') printLine(terminal, visible(`  = help: ${one.mend}`));
  }
}

function resultText(one: Accepted): string {
  if (one.state === 'failed') return `written, but not accepted: ${one.problem}`;
  if (one.state === 'waiting') return `written, and not started before ${one.for.join(', ')} is set`;
  const { read, write, destroy } = one.groups;
  const count = read.length + write.length + destroy.length;
  return `${counted(count, 'tool')} ${one.state === 'accepted' ? 'accepted' : 'not accepted'}`;
}

interface End {
  readonly draft: Draft;
  readonly isWritten: boolean;
  readonly accepted: readonly Accepted[];
  readonly isConnected: boolean;
}

/** Commands, in the order in which to run them. */
export function nextSteps({ draft, isWritten, accepted, isConnected }: End): readonly string[] {
  if (!isWritten) return draft.diff === '' ? [] : ['mcp-gateway init'];
  const { plan, clients } = draft;
  const waiting = accepted.flatMap((one) => (one.state === 'waiting' ? one.for : []));
  const missing = draft.needed.filter((name) => accepted.length === 0 || waiting.includes(name));
  const settled = accepted.filter(({ state }) => state === 'accepted').map(({ server }) => server);
  const open = plan.servers.filter(({ id }) => !settled.includes(id)).map(({ id }) => id);
  const isEmpty = plan.servers.length + plan.known.length === 0;
  const reachable = clients.filter(({ state }) => state.kind === 'read' || state.kind === 'empty').map(({ id }) => id);
  return [
    ...missing.map((name) => `mcp-gateway secret set ${name}`),
    ...open.map((id) => `mcp-gateway server approve ${id} --all`),
    ...(isEmpty ? ['mcp-gateway server add files -- npx -y @modelcontextprotocol/server-filesystem ~'] : []),
    ...(isConnected ? [] : [...new Set(reachable)].map((id) => `mcp-gateway connect ${id}`)),
  ];
}

export function printNext(terminal: Terminal, next: readonly string[]): void {
  if (next.length === 0) return;
  printLine(terminal, '');
  printLine(terminal, paint(terminal, 'bold', 'Next'));
  for (const step of next) printLine(terminal, visible(`  ${step}`));
}

/** As `--json` prints it. */
export function draftAsJson({ path, isNew, diff, clients, plan, needed }: Draft): object {
  return {
    path,
    isNew,
    diff,
    clients: clients.map(clientAsJson),
    servers: plan.servers,
    secrets: plan.secrets.map(({ name, server, place }) => ({ name, server, place })),
    needed,
    twins: plan.twins,
    known: plan.known,
    refused: plan.refused,
  };
}

function clientAsJson({ id, name, scope, path, state }: FoundClient): object {
  const servers = state.kind === 'read' ? state.servers.length : 0;
  const problem = state.kind === 'broken' ? state.problem : '';
  return { id, name, scope, path, state: state.kind, servers, problem };
}
