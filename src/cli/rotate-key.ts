import { storePlaceOf } from '../app/store-place.ts';
import { decisionIds } from '../state/decision-id.ts';
import { openConnection } from '../state/open-connection.ts';
import { prepareKey } from '../state/prepared-key.ts';
import { type Rotated, rotateKey } from '../state/rotate-key.ts';
import { readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import type { ReadOptions } from './decision.ts';
import { clock } from './server-sign-ins.ts';
import { printJson, printLine } from './terminal.ts';

export interface RotateOptions extends ReadOptions {
  readonly reason?: string;
  readonly prepare?: boolean;
}

/** Gives the log another key. Gateways that run go on with it by themselves. */
export async function rotate(context: CommandContext, options: RotateOptions): Promise<void> {
  const { terminal, environment } = context;
  const { home, user } = environment;
  const place = storePlaceOf(readConfig(context, options).config);
  if (options.prepare === true) return prepare(context, options, 'url' in place);
  const connection = openConnection(place, { access: 'write', durability: 'full' });
  const time = new Date(clock.now()).toISOString();
  const { reason = '' } = options;
  try {
    const act = { id: decisionIds(clock)(), time, actor: `user:${user}`, via: 'terminal', reason } as const;
    const rotated = await rotateKey({ connection, home, act });
    const { from, to } = rotated;
    if (options.json === true) return printJson(terminal, 'decision-rotate-key', { from, to });
    return printLine(terminal, rotatedLines(rotated, 'url' in place));
  } finally {
    await connection.close();
  }
}

/** Makes the next key without using it, so that it can be copied to all hosts first. */
function prepare({ terminal, environment }: CommandContext, options: RotateOptions, hasHosts: boolean): void {
  const { id, path } = prepareKey(environment.home);
  if (options.json === true) return printJson(terminal, 'decision-rotate-key', { prepared: id, file: path });
  const copy = hasHosts
    ? `Copy ${path}\nto the home folder of each other host, under the same name and readable by its user alone (chmod 600).\nThen run`
    : 'When it is to be used, run';
  printLine(
    terminal,
    `The next key of the log is ${id}. Nothing is sealed with it yet.\n${copy} \`mcp-gateway decision rotate-key\` here.`,
  );
}

function rotatedLines({ from, to, wasPrepared }: Rotated, hasHosts: boolean): string {
  const line = `The log is sealed with the key ${to} from now on. Keep chain-${from}.key: old records need it.`;
  if (!hasHosts) return line;
  return wasPrepared
    ? `${line}\nHosts that have chain-${to}.key go on by themselves; others refuse calls until it lies in their home folder.`
    : `${line}\nCopy chain-${to}.key to the home folder of each other host now: until it is there, they refuse calls.\nThe next time, \`--prepare\` makes the key first.`;
}
