import { effectOf, annotationsOf } from '../catalog/effect.ts';
import { exposedName, namesFor } from '../catalog/naming.ts';
import { type OfferedTool, offeredTools } from '../catalog/offered-tools.ts';
import type { LoadedConfig } from '../config/load.ts';
import { lockPathOf, readLock } from '../config/lock-file.ts';
import { GatewayError } from '../core/errors.ts';
import { isJsonObject, type Json } from '../core/json.ts';
import { writeJson } from '../core/lossless-json.ts';
import { isServerId, type ServerId } from '../core/names.ts';
import type { SealedRecord } from '../core/record.ts';
import { lockedIn, type LockedServer, unitDrift } from '../core/server-lock.ts';
import type { ServersView, ServerView, ToolView } from '../dashboard/api-connected.ts';
import type { Person } from '../dashboard/port.ts';
import { revealText } from '../policy/author-text.ts';
import { ACCEPTED_TOOLS, readDefinitions, type ToolChange, toolChanges } from '../review/unit-changes.ts';
import { readServerLog } from '../upstream/server-log.ts';
import { actOf, type DashboardParts } from './dashboard-parts.ts';
import { signInsFor } from './sign-ins.ts';
import { sourceText } from './source-text.ts';
import { acceptSeen } from './unit-approval.ts';
import { acceptedDefinitions, look, neverAccepted, refuseBadBundle, type UnitGround } from './unit.ts';

/** Every configured server as far as it is known without starting it. */
export async function serversView(parts: DashboardParts): Promise<ServersView> {
  const loaded = parts.read();
  const ids = Object.keys(loaded.config.mcpServers).filter(isServerId);
  return { servers: await serversIn(parts, loaded, ids) };
}

async function serversIn(
  parts: DashboardParts,
  loaded: LoadedConfig,
  ids: readonly ServerId[],
): Promise<readonly ServerView[]> {
  const { config } = loaded;
  const lock = readLock(lockPathOf(loaded.path), parts.workingFolder);
  const { home, clock, logger, login } = parts;
  const owner = config.gateway.principal.user.id ?? login;
  const signIns = signInsFor(config, { home, owner, withLease: (_name, work) => work(), clock, logger });
  try {
    const calls = await callsByTool(parts);
    const lastCalls = await lastCallsOf(parts);
    return await Promise.all(
      ids.map(async (id): Promise<ServerView> => {
        const { transport, policy } = config.mcpServers[id] ?? missing(id);
        const locked = lockedIn(lock, id);
        const { name = '', version = '' } = locked?.package ?? {};
        return {
          id,
          transport: transport.kind,
          at: transport.kind === 'stdio' ? transport.command : withoutQuery(transport.url),
          package: [name, version].filter((part) => part !== '').join('@'),
          policy: sourceText(policy.source),
          signIn: signIns.stateOf(id, ''),
          lastCall: lastCalls.get(id) ?? null,
          lastError: await lastLineOf(home, id),
          tools: await toolsOf(parts, { id, loaded, locked, calls }),
        };
      }),
    );
  } finally {
    signIns.close();
  }
}

function missing(id: string): never {
  throw new GatewayError('USAGE', `there is no server "${id}" in the configuration`);
}

function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** By `<server>/<tool>`, since the log began. */
async function callsByTool({ reads }: DashboardParts): Promise<ReadonlyMap<string, number>> {
  const names = await reads.names(['tool'], 0, MOST_TOOLS);
  return new Map(names.map(({ name, total }) => [name, total]));
}

const MOST_TOOLS = 5_000;
const MOST_SERVERS = 1_000;

async function lastCallsOf({ reads }: DashboardParts): Promise<ReadonlyMap<string, ServerView['lastCall']>> {
  const names = await reads.names(['server'], 0, MOST_SERVERS);
  const records = await reads.at(names.map(({ lastSeq }) => lastSeq));
  return new Map(records.map((record) => [record.server, { time: record.time, status: statusOf(record) }]));
}

function statusOf({ effect, outcome }: SealedRecord): string {
  return effect === 'allow' ? (outcome?.status ?? 'running') : effect;
}

/** Of what it wrote to its stderr; what cannot be read says nothing. */
async function lastLineOf(home: string, id: ServerId): Promise<string> {
  const [line = ''] = await readServerLog(home, id, 1).catch(() => []);
  return line;
}

interface Listing {
  readonly id: ServerId;
  readonly loaded: LoadedConfig;
  readonly locked: LockedServer | undefined;
  readonly calls: ReadonlyMap<string, number>;
}

async function toolsOf(
  { reads }: DashboardParts,
  { id, loaded, locked, calls }: Listing,
): Promise<readonly ToolView[]> {
  const { config } = loaded;
  const definitions = await reads.catalog(id);
  if (!Array.isArray(definitions)) return [];
  const { tools } = config.mcpServers[id] ?? missing(id);
  const offered = offeredTools(id, definitions.filter(isJsonObject), tools);
  const accepted = readDefinitions(await reads.fact(id, ACCEPTED_TOOLS));
  const byName = new Map(offered.map((tool) => [tool.name, tool]));
  const names = namesFor(config.gateway.toolNames, Object.keys(config.mcpServers).length);
  return toolChanges(offered, locked, accepted).map((change) => {
    const shownAs = exposedName(id, change.tool, names);
    const count = calls.get(`${id}/${change.tool}`) ?? 0;
    return toolView(change, { tool: byName.get(change.tool), isPinned: locked !== undefined, shownAs, count });
  });
}

const STATES: Readonly<Record<ToolChange['kind'], ToolView['state']>> = {
  same: 'accepted',
  text: 'changed',
  contract: 'changed',
  renamed: 'changed',
  new: 'new',
  gone: 'gone',
};

interface ShownTool {
  /** Undefined where it is gone. */
  readonly tool: OfferedTool | undefined;
  readonly isPinned: boolean;
  readonly shownAs: string;
  readonly count: number;
}

function toolView({ tool: name, kind, changes }: ToolChange, { tool, isPinned, shownAs, count }: ShownTool): ToolView {
  const definition = tool?.definition ?? {};
  const effect = effectOf(name, definition);
  return {
    name,
    exposedName: shownAs,
    state: isPinned ? STATES[kind] : 'unpinned',
    effect,
    annotated: Object.keys(annotationsOf(definition)).length === 0 ? 'says nothing of what it does' : '',
    tokens: Math.ceil(writeJson(definition).length / BYTES_A_TOKEN),
    calls: count,
    changes: changes.map(({ pointer, before, after }) => ({ pointer, before: shown(before), after: shown(after) })),
  };
}

/** What models take of English and JSON, roughly. */
const BYTES_A_TOKEN = 4;
const LONGEST_SHOWN = 4_000;

function shown(value: Json | undefined): string {
  return value === undefined ? '' : revealText(writeJson(value), LONGEST_SHOWN);
}

export interface WantedApproval {
  readonly id: string;
  readonly tools: readonly string[] | 'all';
  readonly reason: string;
}

/** Starts the server once, and accepts of what it offers what is wanted; recorded with the person. */
export async function approveServer(
  parts: DashboardParts,
  { id, tools, reason }: WantedApproval,
  person: Person,
): Promise<ServerView> {
  const loaded = parts.read();
  if (!isServerId(id) || !Object.hasOwn(loaded.config.mcpServers, id)) missing(id);
  const lockPath = lockPathOf(loaded.path);
  const ground: UnitGround = {
    ...parts,
    config: loaded.config,
    loaded,
    lockPath,
    lock: readLock(lockPath, parts.workingFolder),
    actOf: (part) => actOf(parts, person, part),
  };
  const looked = await look(id, ground);
  refuseBadBundle(looked);
  const locked = lockedIn(ground.lock, id);
  const accepted = await acceptedDefinitions(ground, id);
  const changes = toolChanges(looked.tools, locked, accepted);
  const wanted = tools === 'all' ? changes.filter(({ kind }) => kind !== 'same').map(({ tool }) => tool) : tools;
  if (tools !== 'all') {
    refuseUnknown(id, tools, changes);
    if (locked === undefined) throw neverAccepted(id);
    if (unitDrift(locked, looked.unit).length > 0) {
      const message = 'the server as a whole is another than was accepted, so no single tool can be';
      throw new GatewayError('USAGE', message, { mend: 'Accept all that it is now.' });
    }
  }
  await acceptSeen({ ground, looked, locked, accepted, changes }, wanted, { isWhole: tools === 'all', reason });
  const [view] = await serversIn(parts, loaded, [id]);
  return view ?? missing(id);
}

function refuseUnknown(id: string, tools: readonly string[], changes: readonly ToolChange[]): void {
  const known = new Set(changes.map(({ tool }) => tool));
  const unknown = tools.filter((tool) => !known.has(tool));
  if (unknown.length > 0) throw new GatewayError('USAGE', `${id} has no tool ${unknown.join(', ')}`);
}
