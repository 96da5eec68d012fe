import { tryTools, type TriedTool } from '../app/try.ts';
import type { LookedAt } from '../app/look.ts';
import type { ServerPins } from '../catalog/pins.ts';
import { lockedIn, type LockedServer, unitDrift } from '../core/server-lock.ts';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import { stderrLogger } from './log.ts';
import { clock, knownServer } from './server-sign-ins.ts';
import { look, unitWork, type UnitWork } from './server-unit.ts';
import type { ServerOptions } from './server.ts';
import { printUnit } from './shown-unit.ts';
import { printJson, printLine, printTable } from './terminal.ts';

/** Starts a server once, lists its tools and says what policy makes of each. Nothing is called. */
export function tryServer(context: CommandContext, id: string, options: ServerOptions): Promise<void> {
  const { terminal, environment } = context;
  return unitWork(context, options, async (work) => {
    const looked = await look(knownServer(work.config, id), work);
    const { config } = work;
    const tried = await tryTools(looked, {
      config,
      cache: environment.cache,
      pins: pinsOf(lockedIn(work.lock, id), looked, work),
      user: environment.user,
      timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      clock,
      logger: stderrLogger('error', work.loaded.secrets),
    });
    if (looked.bundle.kind === 'bad') context.setExit(EXIT.findings);
    if (options.json === true) {
      const tools = tried.map(({ isListed: listed, ...tool }) => ({ ...tool, listed }));
      const problem = looked.bundle.kind === 'bad' ? looked.bundle.problem : '';
      return printJson(terminal, 'server-test', { ok: problem === '', server: id, unit: looked.unit, problem, tools });
    }
    printUnit(terminal, looked);
    printTable(
      terminal,
      ['tool', 'does', 'a call without arguments', 'because'],
      tried.map((tool) => cellsOf(tool, looked)),
    );
    return printLine(terminal, 'Nothing was called. What a call is given may change the answer.');
  });
}

function pinsOf(locked: LockedServer | undefined, { unit }: LookedAt, { config }: UnitWork): ServerPins | undefined {
  if (locked === undefined) return undefined;
  const [drift = ''] = unitDrift(locked, unit);
  const tools = new Map(Object.entries(drift === '' ? locked.tools : {}));
  return { tools, drift, text: config.policies.pins.text };
}

const WORDS: Readonly<Record<TriedTool['effect'], string>> = {
  allow: 'is allowed',
  deny: 'is denied',
  pending: 'waits for approval',
};

function cellsOf({ tool, isListed, effect, reasons, rules }: TriedTool, { tools }: LookedAt): readonly string[] {
  const does = tools.find(({ name }) => name === tool)?.effect ?? 'unknown';
  const said = isListed ? WORDS[effect] : 'is not listed';
  return [tool, does, said, [...reasons, ...rules].join(', ')];
}
