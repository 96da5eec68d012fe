import { RememberedFinding, SHELF_FACT } from '../app-shelf.ts';
import type { Config } from '../config/paths.ts';
import { GatewayError } from '../core/errors.ts';
import type { SealedRecord } from '../core/record.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import { readServerLog } from '../upstream/server-log.ts';
import type { SignInState } from '../upstream/sign-in.ts';
import { type ConfigOption, readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { knownServer, signInsOf } from './server-sign-ins.ts';
import { sourceText } from './source-text.ts';
import { printJson, printLine, printTable, visible } from './terminal.ts';

export interface ServerOptions extends ConfigOption {
  readonly json?: boolean;
}

export interface LogsOptions extends ServerOptions {
  readonly limit: number;
}

/** What can be said of a server without starting it. */
interface ServerRow {
  readonly id: string;
  readonly transport: string;
  /** The program or the address, without what may be secret in it. */
  readonly at: string;
  readonly signIn: SignInState;
  readonly policy: string;
  /** What the shelf had for it at its last start; null where it was not started yet, and for a server at an address. */
  readonly shelf: RememberedFinding | null;
  readonly lastCall: { readonly time: string; readonly status: string } | null;
}

export async function list(context: CommandContext, options: ServerOptions): Promise<void> {
  const { terminal } = context;
  const { config } = readConfig(context, options);
  const signIns = signInsOf(context, config, (_name, work) => work());
  const remembered = await rememberedOf(config);
  const servers = Object.entries(config.mcpServers).map(([id, { transport, policy }]): ServerRow => {
    const at = transport.kind === 'stdio' ? transport.command : withoutQuery(transport.url);
    const source = sourceText(policy.source);
    const signIn = signIns.stateOf(knownServer(config, id), '');
    const { shelf = null, lastCall = null } = remembered.get(id) ?? {};
    return { id, transport: transport.kind, at, signIn, policy: source, shelf, lastCall };
  });
  if (options.json === true) return printJson(terminal, 'server-ls', { servers });
  return printTable(
    terminal,
    ['server', 'transport', 'sign-in', 'last call', 'policy', 'shelf', 'at'],
    servers.map(cellsOf),
  );
}

export async function logs(context: CommandContext, id: string, options: LogsOptions): Promise<void> {
  const { terminal, environment } = context;
  const { config } = readConfig(context, options);
  const lines = await readServerLog(environment.home, knownServer(config, id), options.limit);
  if (options.json === true) return printJson(terminal, 'server-logs', { server: id, lines });
  for (const line of lines) printLine(terminal, visible(line));
}

type Remembered = Pick<ServerRow, 'shelf' | 'lastCall'>;

/** By server; empty where there is no store yet. */
async function rememberedOf(config: Config): Promise<ReadonlyMap<string, Remembered>> {
  const reader = new DecisionReader({ path: config.decisions.store.path });
  try {
    const found = Object.keys(config.mcpServers).map(async (server): Promise<[string, Remembered]> => {
      const [last] = await reader.list({ limit: 1, server });
      const { data: shelf = null } = RememberedFinding.safeParse(await reader.fact(server, SHELF_FACT));
      return [server, { shelf, lastCall: last === undefined ? null : { time: last.time, status: statusOf(last) } }];
    });
    return new Map(await Promise.all(found));
  } catch (thrown) {
    if (thrown instanceof GatewayError && thrown.code === 'STORE_UNAVAILABLE') return new Map();
    throw thrown;
  } finally {
    reader.close();
  }
}

function statusOf({ effect, outcome }: SealedRecord): string {
  return effect === 'allow' ? (outcome?.status ?? 'running') : effect;
}

function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

const SIGN_IN_WORDS = { not_needed: '-', signed_in: 'signed in', required: 'needed' } as const;

function cellsOf({ id, transport, signIn, lastCall, policy, shelf, at }: ServerRow): readonly string[] {
  const call = lastCall === null ? '-' : `${lastCall.time.slice(0, 19).replace('T', ' ')} ${lastCall.status}`;
  return [id, transport, SIGN_IN_WORDS[signIn], call, policy, shelfCell(shelf), at];
}

function shelfCell(shelf: RememberedFinding | null): string {
  if (shelf === null || shelf.kind === 'none') return '-';
  return shelf.kind === 'bundle' ? shelf.name : `${shelf.name}: only ${shelf.versions}`;
}
