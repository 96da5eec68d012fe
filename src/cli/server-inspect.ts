import { acceptedDefinitions } from '../app/unit.ts';
import { toolChanges } from '../review/unit-changes.ts';
import { lockedIn } from '../core/server-lock.ts';
import type { CommandContext } from './context.ts';
import { knownServer } from './server-sign-ins.ts';
import { look, unitWork } from './server-unit.ts';
import type { ServerOptions } from './server.ts';
import {
  changeAsJson,
  groupsOf,
  printChanges,
  printGroups,
  printUnit,
  printUnitChanges,
  toolAsJson,
  unitChanges,
} from './shown-unit.ts';
import { printJson, printLine } from './terminal.ts';

/** Starts a server once and shows what it is, what it offers, and what is another than was accepted. Nothing is called. */
export function inspect(context: CommandContext, id: string, options: ServerOptions): Promise<void> {
  const { terminal } = context;
  return unitWork(context, options, async (work) => {
    const server = knownServer(work.config, id);
    const looked = await look(server, work);
    const locked = lockedIn(work.lock, id);
    const changes = toolChanges(looked.tools, locked, await acceptedDefinitions(work, id));
    const unit = locked === undefined ? [] : unitChanges(locked, looked);
    if (options.json === true) {
      return printJson(terminal, 'server-inspect', {
        server: id,
        accepted: locked !== undefined,
        unit: looked.unit,
        bundle: bundleAsJson(looked.bundle),
        groups: groupsOf(looked.tools),
        tools: looked.tools.map(toolAsJson),
        drift: { unit, tools: changes.filter(({ kind }) => kind !== 'same').map(changeAsJson) },
      });
    }
    printUnit(terminal, looked);
    printGroups(terminal, looked.tools);
    if (locked === undefined)
      return printLine(terminal, `Nobody has accepted ${id}: \`mcp-gateway server approve ${id}\``);
    printUnitChanges(terminal, unit);
    printChanges(terminal, changes);
    const isSame = unit.length === 0 && changes.every(({ kind }) => kind === 'same');
    return printLine(
      terminal,
      isSame ? 'Everything is as it was accepted.' : `Accept it with \`mcp-gateway server approve ${id}\`.`,
    );
  });
}

type Bundle = Awaited<ReturnType<typeof look>>['bundle'];

function bundleAsJson(bundle: Bundle): object | null {
  if (bundle.kind === 'none') return null;
  if (bundle.kind === 'bad') return { path: bundle.path, problem: bundle.problem };
  const { checked, path } = bundle;
  return { path, digest: checked.bundle.digest, rules: checked.rules.size, problem: '' };
}
