import { listBackups } from '../clients/backups.ts';
import { carryOut, planRestore } from '../clients/connection.ts';
import type { FoundClient } from '../clients/entry.ts';
import { allPlaces, findClients } from '../clients/find.ts';
import { isRunning } from '../clients/running.ts';
import { settleTakenOut } from '../clients/taken-out.ts';
import { GatewayError } from '../core/errors.ts';
import { type ClientMachine, clientMachine, knownClient } from './client-places.ts';
import { askedFor, failedResult, printResults, shownPath } from './client-results.ts';
import type { CommandContext } from './context.ts';
import { counted } from './counted.ts';
import { diffOf, printDiff } from './shown-change.ts';
import { printJson, printLine, printNote, printTable } from './terminal.ts';

export interface ListOptions {
  readonly json?: boolean;
  /** Another machine than the one it runs on. */
  readonly tools?: ClientMachine;
}

/** Which clients are on this machine, which are connected, and which servers they start beside the gateway. */
export function list(context: CommandContext, { json, tools = clientMachine(context) }: ListOptions): void {
  const { terminal } = context;
  const found = findClients(tools.machine).filter(isShown);
  if (json === true) return printJson(terminal, 'client-ls', { clients: found.map(asJson) });
  if (found.length === 0) return printLine(terminal, 'No client was found on this machine.');
  const rows = found.map((client) => [
    client.id,
    scopeText(client),
    ...stateCells(client),
    shownPath(context, client.path),
  ]);
  printTable(terminal, ['client', 'scope', 'gateway', 'bypasses', 'file'], rows);
  for (const { state, name } of found) if (state.kind === 'broken') printNote(terminal, `${name}: ${state.problem}`);
}

/** Claude Code keeps something for every folder it was ever started in. */
function isShown({ scope, state }: FoundClient): boolean {
  if (state.kind === 'absent') return false;
  return scope !== 'local' || (state.kind === 'read' && state.servers.length + state.ownNames.length > 0);
}

function scopeText({ scope }: FoundClient): string {
  return scope === 'local' ? 'folder' : scope;
}

function stateCells({ state }: FoundClient): readonly [string, string] {
  if (state.kind === 'broken') return ['broken file', '?'];
  if (state.kind !== 'read') return ['no', '-'];
  const others = state.servers.length + state.refused.filter(({ isOff }) => !isOff).length;
  return [state.isConnected ? 'connected' : 'no', others === 0 ? '-' : counted(others, 'server')];
}

/** No value that a server is given: only what it is called, and what it is. */
function asJson({ id, name, scope, path, state }: FoundClient): object {
  const base = { id, name, scope, path, state: state.kind };
  if (state.kind === 'broken') return { ...base, problem: state.problem };
  if (state.kind !== 'read') return base;
  const { isConnected, servers, refused } = state;
  return {
    ...base,
    isConnected,
    servers: servers.map((server) => ({ name: server.name, kind: server.kind })),
    refused,
  };
}

/** What is kept of files before they were changed. */
export function backups(
  context: CommandContext,
  client: string | undefined,
  { json, tools = clientMachine(context) }: ListOptions,
): void {
  const { terminal } = context;
  const kept = listBackups(tools.gatewayHome, client === undefined ? undefined : knownClient(client).id);
  if (json === true) return printJson(terminal, 'client-backups', { backups: kept });
  if (kept.length === 0) return printLine(terminal, 'No file of a client has been changed.');
  const rows = kept.map(({ id, scope, path, before }) => {
    return [id, scope, `${shownPath(context, path)}${before === null ? ' (was not there)' : ''}`];
  });
  printTable(terminal, ['backup', 'scope', 'file'], rows);
}

export interface RestoreOptions extends ListOptions {
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

/** Makes a file of a client what a backup has. What is there now is kept as a backup, too. */
export async function restore(context: CommandContext, id: string, options: RestoreOptions): Promise<void> {
  const tools = options.tools ?? clientMachine(context);
  const { machine, gatewayHome, processes } = tools;
  // A client alone stands for the last change of it.
  const backup = listBackups(gatewayHome, id.split('/')[0]).find((one) => one.id === id || one.client === id);
  if (backup === undefined) {
    throw new GatewayError('USAGE', `there is no backup "${id}"`, { mend: '`mcp-gateway client backups` lists them.' });
  }
  const client = knownClient(backup.client);
  const at = allPlaces(client, machine).find(({ scope }) => scope === backup.scope)?.at ?? [];
  const place = { client, scope: backup.scope, path: backup.path, at };
  const change = planRestore(backup, place, machine);
  const diff = diffOf(change, tools.machine);
  const base = { client: client.id, name: client.name, scope: backup.scope, path: backup.path, bypassing: [] };
  if (options.json !== true) printDiff(context.terminal, diff);
  const print = (status: 'unchanged' | 'would-change' | 'restored'): void =>
    printResults(context, {
      command: 'client-restore',
      results: [{ ...base, status, ...(status === 'would-change' && { diff }) }],
      json: options.json,
    });
  if (diff === '') return print('unchanged');
  if (options.dryRun === true) return print('would-change');
  if (options.force !== true && isRunning(client, machine.platform, processes)) {
    throw new GatewayError('CLIENT_FILE', `${client.name} is running, and would write over the change when it ends`, {
      mend: `Quit ${client.name} and run the command again. --force writes all the same.`,
    });
  }
  if (options.yes !== true && !(await askedFor(context, `Restore ${backup.path}?`, options))) {
    return printNote(context.terminal, 'Nothing was changed.');
  }
  try {
    carryOut({ ...change, state: { ...change.state, isConnected: false } }, { home: gatewayHome, time: tools.time() });
    settleTakenOut(gatewayHome, place, Buffer.from(change.after ?? '').toString('utf8'));
    return print('restored');
  } catch (thrown) {
    return printResults(context, {
      command: 'client-restore',
      results: [failedResult(place, thrown)],
      json: options.json,
    });
  }
}
