import { join, resolve } from 'node:path';
import { GatewayError } from '../core/errors.ts';
import { copyStore } from '../state/copy-store.ts';
import { acting } from './acting.ts';
import { type ConfigOption, readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { counted } from './counted.ts';
import { progressLine } from './progress.ts';
import { clock } from './server-sign-ins.ts';
import { printJson, printLine } from './terminal.ts';

export interface MigrateStoreOptions extends ConfigOption {
  readonly from?: string;
  readonly json?: boolean;
}

/** Copies a SQLite store into the PostgreSQL that the configuration names, and records that it was. */
export async function migrateStore(context: CommandContext, options: MigrateStoreOptions): Promise<void> {
  const { terminal, environment } = context;
  const { home, workingFolder } = environment;
  const { store } = readConfig(context, options).config.decisions;
  if (store.driver !== 'postgres') {
    throw new GatewayError('USAGE', 'the configuration names no PostgreSQL to copy to', {
      mend: 'Set decisions.store: { driver: postgres, url: … } first; docs/postgresql.md says how.',
    });
  }
  const path = options.from === undefined ? join(home, 'decisions.db') : resolve(workingFolder, options.from);
  const progress = progressLine(terminal, 'records copied:');
  const { url } = store;
  const copied = await copyStore({ path, url, home, clock, onProgress: progress.show }).finally(progress.clear);
  const act = await acting(context, options, async ({ store: target, actOf }) => {
    const done = actOf({ verb: 'store.copy', subject: copied.chain, before: null, after: { ...copied }, reason: path });
    await target.log.act(done);
    return done.id;
  });
  if (options.json === true) return printJson(terminal, 'config-migrate-store', { act, ...copied });
  const rest = copied.before === 0 ? '' : `; ${counted(copied.before, 'record')} were there already`;
  printLine(terminal, `Copied ${counted(copied.copied, 'record')}, each held to its seal on both sides${rest}.`);
  return printLine(
    terminal,
    `The file ${path} stays as it is. Start the gateways now; \`decision verify\` proves the whole.`,
  );
}
