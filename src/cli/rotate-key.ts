import { storePlaceOf } from '../app/store-place.ts';
import { decisionIds } from '../state/decision-id.ts';
import { openConnection } from '../state/open-connection.ts';
import { rotateKey } from '../state/rotate-key.ts';
import { readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import type { ReadOptions } from './decision.ts';
import { clock } from './server-sign-ins.ts';
import { printJson, printLine } from './terminal.ts';

export interface RotateOptions extends ReadOptions {
  readonly reason?: string;
}

/** Gives the log another key. Gateways that run go on with it by themselves. */
export async function rotate(context: CommandContext, options: RotateOptions): Promise<void> {
  const { terminal, environment } = context;
  const { home, user } = environment;
  const place = storePlaceOf(readConfig(context, options).config);
  const connection = openConnection(place, { access: 'write', durability: 'full' });
  const time = new Date(clock.now()).toISOString();
  const { reason = '' } = options;
  try {
    const act = { id: decisionIds(clock)(), time, actor: `user:${user}`, via: 'terminal', reason } as const;
    const { from, to } = await rotateKey({ connection, home, act });
    if (options.json === true) return printJson(terminal, 'decision-rotate-key', { from, to });
    return printLine(
      terminal,
      `The log is sealed with the key ${to} from now on. Keep chain-${from}.key: old records need it.`,
    );
  } finally {
    await connection.close();
  }
}
