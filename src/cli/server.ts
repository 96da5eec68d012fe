import { RememberedFinding, SHELF_FACT } from '../app/shelf.ts';
import { type OfferedTool, offeredTools } from '../catalog/offered-tools.ts';
import { lockPathOf, readLock } from '../config/lock-file.ts';
import type { Config } from '../config/paths.ts';
import { shortHash } from '../core/generation.ts';
import { GatewayError } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';
import { isServerId } from '../core/names.ts';
import type { SealedRecord } from '../core/record.ts';
import { lockedIn, type LockedServer } from '../core/server-lock.ts';
import { type ToolChangeKind, toolChanges } from '../review/unit-changes.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import { readServerLog } from '../upstream/server-log.ts';
import type { SignInState } from '../upstream/sign-in.ts';
import { type ConfigOption, readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { knownServer, signInsOf } from './server-sign-ins.ts';
import { sourceText } from '../app/source-text.ts';
import { storePlaceOf } from '../app/store-place.ts';
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
  /** As accepted; empty where it has none or nobody has accepted it. */
  readonly package: string;
  /** Beginning of the digest of the accepted bundle. */
  readonly bundle: string;
  /** How the tools that it last listed stand to what was accepted; null where nobody has accepted it. */
  readonly pins: PinCounts | null;
}

interface PinCounts {
  readonly accepted: number;
  readonly new: number;
  readonly changed: number;
  readonly gone: number;
  /** Whether its command line is another than was accepted. */
  readonly isOtherCommand: boolean;
}

export async function list(context: CommandContext, options: ServerOptions): Promise<void> {
  const { terminal } = context;
  const loaded = readConfig(context, options);
  const { config } = loaded;
  const lock = readLock(lockPathOf(loaded.path), context.environment.workingFolder);
  const listed = await listedTools(config);
  const signIns = signInsOf(context, config, (_name, work) => work());
  const remembered = await rememberedOf(config);
  const servers = Object.entries(config.mcpServers).map(([id, { transport, policy }]): ServerRow => {
    const at = transport.kind === 'stdio' ? transport.command : withoutQuery(transport.url);
    const source = sourceText(policy.source);
    const signIn = signIns.stateOf(knownServer(config, id), '');
    const { shelf = null, lastCall = null } = remembered.get(id) ?? {};
    const locked = lockedIn(lock, id);
    const { name = '', version = '' } = locked?.package ?? {};
    return {
      id,
      transport: transport.kind,
      at,
      signIn,
      policy: source,
      shelf,
      lastCall,
      package: [name, version].filter((part) => part !== '').join('@'),
      bundle: shortHash(locked?.bundle?.digest ?? ''),
      pins: locked === undefined ? null : countPins(locked, listed.get(id), loaded.commands[id]),
    };
  });
  if (options.json === true) return printJson(terminal, 'server-ls', { servers });
  return printTable(
    terminal,
    ['server', 'transport', 'sign-in', 'last call', 'pins', 'package', 'bundle', 'policy', 'at'],
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
  const reader = new DecisionReader(storePlaceOf(config));
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
    await reader.close();
  }
}

/** The tools that each server had when it was last listed. */
async function listedTools(config: Config): Promise<ReadonlyMap<string, readonly OfferedTool[]>> {
  const reader = new DecisionReader(storePlaceOf(config));
  try {
    const found = Object.entries(config.mcpServers).map(async ([id, { tools }]) => {
      const definitions = await reader.catalog(id);
      if (!Array.isArray(definitions) || !isServerId(id)) return [];
      return [[id, offeredTools(id, definitions.filter(isJsonObject), tools)] as const];
    });
    return new Map((await Promise.all(found)).flat());
  } catch (thrown) {
    if (thrown instanceof GatewayError && thrown.code === 'STORE_UNAVAILABLE') return new Map();
    throw thrown;
  } finally {
    await reader.close();
  }
}

/** What was not listed since it was accepted counts as it was accepted. */
function countPins(
  locked: LockedServer,
  tools: readonly OfferedTool[] | undefined,
  command: string | undefined,
): PinCounts {
  const isOtherCommand = command !== locked.command;
  const none = { accepted: Object.keys(locked.tools).length, new: 0, changed: 0, gone: 0, isOtherCommand };
  if (tools === undefined) return none;
  const changes = toolChanges(tools, locked, {});
  const count = (...kinds: readonly ToolChangeKind[]): number =>
    changes.filter(({ kind }) => kinds.includes(kind)).length;
  return {
    accepted: count('same', 'text'),
    new: count('new'),
    changed: count('contract', 'renamed'),
    gone: count('gone'),
    isOtherCommand,
  };
}

function pinsText(pins: PinCounts | null): string {
  if (pins === null) return 'not accepted';
  const { accepted, changed, gone, isOtherCommand, new: fresh } = pins;
  const parts = [
    [accepted, 'accepted'],
    [fresh, 'new'],
    [changed, 'CHANGED'],
    [gone, 'gone'],
  ] as const;
  const counts = parts
    .filter(([count], index) => count > 0 || index === 0)
    .map(([count, what]) => `${String(count)} ${what}`);
  return [...counts, ...(isOtherCommand ? ['other command'] : [])].join(', ');
}

function statusOf({ effect, outcome }: SealedRecord): string {
  return effect === 'allow' ? (outcome?.status ?? 'running') : effect;
}

function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

const SIGN_IN_WORDS = { not_needed: '-', signed_in: 'signed in', required: 'needed' } as const;

function cellsOf({
  id,
  transport,
  signIn,
  lastCall,
  policy,
  shelf,
  at,
  pins,
  package: found,
  bundle,
}: ServerRow): readonly string[] {
  const call = lastCall === null ? '-' : `${lastCall.time.slice(0, 19).replace('T', ' ')} ${lastCall.status}`;
  const from = `${policy}${shelfText(shelf)}`;
  return [id, transport, SIGN_IN_WORDS[signIn], call, pinsText(pins), found || '-', bundle || '-', from, at];
}

/** Where the bundle of a server came from the shelf, or why it did not. */
function shelfText(shelf: RememberedFinding | null): string {
  if (shelf === null || shelf.kind === 'none') return '';
  return shelf.kind === 'bundle' ? `, shelf ${shelf.name}` : `, shelf ${shelf.name} only ${shelf.versions}`;
}
