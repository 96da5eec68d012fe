import { acceptSeen, type SeenUnit } from '../app/unit-approval.ts';
import { acceptedDefinitions, neverAccepted, refuseBadBundle } from '../app/unit.ts';
import type { LookedAt } from '../app/look.ts';
import { GatewayError } from '../core/errors.ts';
import { lockedIn, unitDrift } from '../core/server-lock.ts';
import { type ToolChange, toolChanges } from '../review/unit-changes.ts';
import type { CommandContext } from './context.ts';
import { knownServer } from './server-sign-ins.ts';
import { confirmed, look, type UnitWork, unitWork } from './server-unit.ts';
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
    const changes = toolChanges(looked.tools, locked, accepted);
    const seen: Seen = { work, ground: work, looked, locked, accepted, changes };
    if (options.json !== true) show(seen);
    if (!isAnother(seen)) return say(seen, options, { tools: [], act: '' });
    const wanted = await wantedOf(seen, options);
    if (wanted === undefined) return printLine(context.terminal, 'Nothing was accepted.');
    const how = { isWhole: options.tool === undefined, reason: options.reason ?? '' };
    return say(seen, options, { tools: wanted, act: await acceptSeen(seen, wanted, how) });
  });
}

interface Seen extends SeenUnit {
  readonly work: UnitWork;
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
