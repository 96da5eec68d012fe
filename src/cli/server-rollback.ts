import { accept, neverAccepted, summaryOf } from '../app/unit.ts';
import type { LookedAt } from '../app/look.ts';
import { GatewayError } from '../core/errors.ts';
import { lockedIn, type LockedServer, unitDrift } from '../core/server-lock.ts';
import { isBelowFloor } from '../policy/floor.ts';
import type { CommandContext } from './context.ts';
import { dropLatestUnit, keptUnits } from './server-history.ts';
import { knownServer } from './server-sign-ins.ts';
import { confirmed, look, type UnitWork, unitWork } from './server-unit.ts';
import { differencesOf, type UpdateOptions } from './server-update.ts';
import { changeAsJson, printChanges, printRules, printUnitChanges } from './shown-unit.ts';
import { printJson, printLine } from './terminal.ts';

/** Moves a server, its bundle and its pins together back to what they were before the last update. */
export function rollback(context: CommandContext, id: string, options: Omit<UpdateOptions, 'version'>): Promise<void> {
  const { terminal } = context;
  return unitWork(context, options, async (work) => {
    const server = knownServer(work.config, id);
    const locked = lockedIn(work.lock, id);
    if (locked === undefined) throw neverAccepted(id);
    const before = (await keptUnits(work, id)).at(-1);
    if (before === undefined) throw noneBefore(id);
    const floor = await floorOf(work, id);
    const looked = await look(server, work, { accepted: before.locked.package ?? undefined });
    refuseOther(looked, before.locked);
    refuseBelow(looked, floor);
    const differences = await differencesOf(work, looked, locked);
    if (options.json !== true) {
      printUnitChanges(terminal, differences.unit);
      printChanges(terminal, differences.tools);
      printRules(terminal, differences.rules);
    }
    if (options.yes !== true && !(await confirmed(context, `Take ${id} back to this?`, 'Add --yes to take it back.'))) {
      return printLine(terminal, 'Nothing was taken back.');
    }
    const act = await accept(work, {
      id,
      next: () => before.locked,
      definitions: before.definitions,
      looked,
      act: {
        verb: 'server.rollback',
        subject: id,
        before: summaryOf(locked),
        after: summaryOf(before.locked),
        reason: options.reason ?? '',
      },
    });
    await dropLatestUnit(work, id);
    if (options.json === true) {
      const tools = differences.tools.filter(({ kind }) => kind !== 'same').map(changeAsJson);
      return printJson(terminal, 'server-rollback', {
        server: id,
        unit: differences.unit,
        tools,
        rules: differences.rules,
        act,
      });
    }
    return printLine(
      terminal,
      `${id} is as it was before the last update. A gateway that runs takes it when it is started again.`,
    );
  });
}

/** What runs now says how far back one may go. */
async function floorOf(work: UnitWork, id: string): Promise<string | number | undefined> {
  const { bundle } = await look(knownServer(work.config, id), work);
  return bundle.kind === 'good' ? bundle.checked.bundle.manifest.metadata.gateway.floor : undefined;
}

function refuseBelow({ bundle, found }: LookedAt, floor: string | number | undefined): void {
  if (floor === undefined || bundle.kind !== 'good') return;
  const { revision } = bundle.checked.bundle.manifest;
  if (!isBelowFloor(revision, floor)) return;
  throw new GatewayError(
    'USAGE',
    `the bundle of ${found.id} before, ${revision || 'without a revision'}, is below ${floor}`,
    {
      mend: 'Its author says that nobody goes back behind that.',
    },
  );
}

/** Of what is not installed by the gateway only the files that are there can be run. */
function refuseOther(looked: LookedAt, before: LockedServer): void {
  const drift = unitDrift(before, looked.unit);
  if (drift.length === 0) return;
  const { id } = looked.found;
  throw new GatewayError('USAGE', `${id} cannot be taken back: its ${drift.join(' and ')} cannot be had as before`, {
    mend: 'Put back its command line, its files and its bundle as they were, and run this again.',
  });
}

function noneBefore(id: string): GatewayError {
  return new GatewayError('USAGE', `${id} was never updated, so there is nothing to go back to`, {
    mend: 'Choose a version with `mcp-gateway server update --version`.',
  });
}
