import { createInterface } from 'node:readline/promises';
import type { LookedAt } from '../app/look.ts';
import { type Looking, look as lookAtUnit, type UnitGround } from '../app/unit.ts';
import { lockPathOf, readLock } from '../config/lock-file.ts';
import { GatewayError } from '../core/errors.ts';
import type { ServerId } from '../core/names.ts';
import { acting } from './acting.ts';
import type { CommandContext } from './context.ts';
import { stderrLogger } from './log.ts';
import { announced } from './progress.ts';
import { clock } from './server-sign-ins.ts';
import type { ServerOptions } from './server.ts';
import { isAnswered } from './terminal.ts';
import { VERSION } from './version.ts';

/** What commands about servers, their bundles and their pins work with. */
export interface UnitWork extends UnitGround {
  readonly context: CommandContext;
}

export function unitWork(
  context: CommandContext,
  options: ServerOptions,
  work: (unit: UnitWork) => Promise<void>,
): Promise<void> {
  return acting(context, options, async (parts) => {
    const { home, cache, workingFolder, user: login, variables } = context.environment;
    const lockPath = lockPathOf(parts.loaded.path);
    return work({
      ...parts,
      context,
      home,
      cache,
      workingFolder,
      login,
      clock,
      lockPath,
      lock: readLock(lockPath, workingFolder),
      version: VERSION,
      host: { platform: process.platform, nodePath: process.execPath, environment: variables },
      logger: stderrLogger('error', parts.loaded.secrets),
    });
  });
}

/** As `look` of app/unit.ts, said on the terminal where it takes long. */
export function look(id: ServerId, work: UnitWork, looking: Looking = {}): Promise<LookedAt> {
  return announced(work.context.terminal, `${id} is being started …`, lookAtUnit(id, work, looking));
}

/** Asks the person at the terminal. Throws USAGE where there is none. */
export async function confirmed({ terminal }: CommandContext, question: string, instead: string): Promise<boolean> {
  if (!isAnswered(terminal)) throw new GatewayError('USAGE', 'nobody is at a terminal to be asked', { mend: instead });
  const lines = createInterface({ input: terminal.in, output: terminal.err });
  try {
    const said = await lines.question(`${question} Type yes to do so: `);
    return said.trim().toLowerCase() === 'yes';
  } finally {
    lines.close();
  }
}
