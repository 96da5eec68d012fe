import type { LookedAt } from '../app/look.ts';
import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { lockedIn, type LockedServer, unitDrift } from '../core/server-lock.ts';
import { type Definitions, keptChanges, type ToolChange, toolChanges } from '../review/unit-changes.ts';
import type { CommandContext } from './context.ts';
import { knownServer } from './server-sign-ins.ts';
import {
  accept,
  acceptedDefinitions,
  confirmed,
  definitionsIn,
  lockedAs,
  look,
  neverAccepted,
  refuseBadBundle,
  summaryOf,
  type UnitWork,
  unitWork,
} from './server-unit.ts';
import type { ServerOptions } from './server.ts';
import { changeAsJson, printChanges, printGroups, printUnit, printUnitChanges, unitChanges } from './shown-unit.ts';
import { printJson, printLine, visible } from './terminal.ts';

export interface ApproveOptions extends ServerOptions {
  readonly tool?: readonly string[];
  readonly all?: boolean;
  readonly reason?: string;
}

/** Accepts what a server offers now, all of it or single tools, after it was shown what is another than before. */
export function approve(context: CommandContext, id: string, options: ApproveOptions): Promise<void> {
  return unitWork(context, options, async (work) => {
    const server = knownServer(work.config, id);
    const looked = await look(server, work);
    refuseBadBundle(looked);
    const locked = lockedIn(work.lock, id);
    const accepted = await acceptedDefinitions(work, id);
    const seen: Seen = { work, looked, locked, accepted, changes: toolChanges(looked.tools, locked, accepted) };
    if (options.json !== true) show(seen);
    if (!isAnother(seen)) return say(seen, options, { tools: [], act: '' });
    const wanted = await wantedOf(seen, options);
    if (wanted === undefined) return printLine(context.terminal, 'Nothing was accepted.');
    return say(seen, options, { tools: wanted, act: await record(seen, wanted, options) });
  });
}

interface Seen {
  readonly work: UnitWork;
  readonly looked: LookedAt;
  readonly locked: LockedServer | undefined;
  readonly accepted: Definitions;
  readonly changes: readonly ToolChange[];
}

function show({ work, looked, locked, changes }: Seen): void {
  const { terminal } = work.context;
  if (locked === undefined) {
    printUnit(terminal, looked);
    return printGroups(terminal, looked.tools);
  }
  printUnitChanges(terminal, unitChanges(locked, looked));
  return printChanges(terminal, changes);
}

function isAnother({ looked, locked, changes }: Seen): boolean {
  if (locked === undefined || unitChanges(locked, looked).length > 0) return true;
  return changes.some(({ kind }) => kind !== 'same');
}

/** Names of the tools that are accepted; undefined where the person does not want to. */
async function wantedOf(seen: Seen, { tool, all, json }: ApproveOptions): Promise<readonly string[] | undefined> {
  const { work, looked, locked, changes } = seen;
  const open = changes.filter(({ kind }) => kind !== 'same').map((change) => change.tool);
  if (all === true) return open;
  if (tool !== undefined) {
    refuseUnknown(tool, changes, looked);
    if (locked === undefined) throw neverAccepted(looked.found.id);
    if (unitDrift(locked, looked.unit).length === 0) return tool;
    throw new GatewayError('USAGE', 'the server as a whole is another than was accepted, so no single tool can be', {
      mend: 'Accept all that it is now with --all.',
    });
  }
  const instead = 'Name tools with --tool, or accept everything with --all.';
  if (json === true) throw new GatewayError('USAGE', 'nothing says what shall be accepted', { mend: instead });
  return (await confirmed(work.context, 'Accept all of this?', instead)) ? open : undefined;
}

function refuseUnknown(tools: readonly string[], changes: readonly ToolChange[], { found }: LookedAt): void {
  const known = new Set(changes.map(({ tool }) => tool));
  const unknown = tools.filter((tool) => !known.has(tool));
  if (unknown.length === 0) return;
  throw new GatewayError('USAGE', visible(`${found.id} has no tool ${unknown.join(', ')}`), {
    mend: `\`mcp-gateway server inspect ${found.id}\` lists what it has.`,
  });
}

function record(
  { work, looked, locked, accepted, changes }: Seen,
  tools: readonly string[],
  options: ApproveOptions,
): Promise<string> {
  const { id } = looked.found;
  const wanted = new Set(tools);
  const isWhole = options.tool === undefined;
  const next = (before: LockedServer | undefined): LockedServer => {
    if (isWhole || before === undefined) return lockedAs(looked);
    return { ...before, tools: mergedTools(before, looked, wanted) };
  };
  const definitions = definitionsIn(looked);
  const taken = Object.fromEntries(Object.entries(definitions).filter(([tool]) => isWhole || wanted.has(tool)));
  const which = changes
    .filter(({ tool }) => wanted.has(tool))
    .map(({ tool, kind, changes: places }): JsonObject => ({
      tool,
      kind,
      ...keptChanges(places, work.loaded.secrets),
    }));
  return accept(work, {
    id,
    next,
    definitions: isWhole ? definitions : { ...accepted, ...taken },
    looked,
    act: {
      verb: 'server.approve',
      subject: id,
      before: summaryOf(locked),
      after: { ...summaryOf(next(locked)), accepted: which },
      reason: options.reason ?? '',
    },
  });
}

/** What is gone and accepted as such is taken out. */
function mergedTools(before: LockedServer, { tools }: LookedAt, wanted: ReadonlySet<string>): LockedServer['tools'] {
  const kept = Object.entries(before.tools).filter(([tool]) => !wanted.has(tool));
  const taken = tools.filter(({ name }) => wanted.has(name)).map(({ name, pin }) => [name, pin] as const);
  return Object.fromEntries([...kept, ...taken]);
}

interface Said {
  readonly tools: readonly string[];
  readonly act: string;
}

function say({ work, looked, locked, changes }: Seen, { json }: ApproveOptions, { tools, act }: Said): void {
  const { terminal } = work.context;
  const { id } = looked.found;
  if (json === true) {
    const approved = changes.filter(({ tool }) => tools.includes(tool)).map(changeAsJson);
    const unit = locked === undefined ? [] : unitChanges(locked, looked);
    return printJson(terminal, 'server-approve', { server: id, approved, unit, act });
  }
  if (act === '') return printLine(terminal, `Everything of ${id} is as it was accepted.`);
  return printLine(
    terminal,
    visible(`Accepted of ${id}: ${tools.length === 0 ? 'the server as it is' : tools.join(', ')}.`),
  );
}
