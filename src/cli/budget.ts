import { storePlaceOf } from '../app/store-place.ts';
import { isRefusal } from '../core/change.ts';
import { GatewayError } from '../core/errors.ts';
import type { ListedBudget } from '../state/budget-list.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import { type Acting, acting } from './acting.ts';
import type { KeyValues } from './budget-values.ts';
import { type ConfigOption, readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { clock } from './server-sign-ins.ts';
import { printJson, printLine, printTable, type Terminal } from './terminal.ts';

export interface BudgetOptions extends ConfigOption {
  readonly json?: boolean;
  readonly key?: KeyValues;
}

export interface AdjustOptions extends BudgetOptions {
  readonly by?: number;
  readonly to?: number;
  readonly reason: string;
}

export async function list(context: CommandContext, options: BudgetOptions): Promise<void> {
  return print(context.terminal, 'budget-ls', { budgets: await readBudgets(context, options), options });
}

export async function show(context: CommandContext, name: string, options: BudgetOptions): Promise<void> {
  const budgets = matching(await readBudgets(context, options), name, options.key);
  return print(context.terminal, 'budget-show', { budgets, options });
}

/** How often it is tried again because a call was charged in between. */
const MOST_TRIES = 20;

/** The act is recorded in the transaction that changes the count, so that before and after are what they were. */
export async function adjust(context: CommandContext, name: string, options: AdjustOptions): Promise<void> {
  const reason = options.reason.trim();
  if (reason === '') throw usage('a correction needs a reason', 'Say why with --reason.');
  if (options.by === undefined && options.to === undefined) throw usage('nothing to change', 'Give --by or --to.');
  await acting(context, options, async (acted) => {
    for (let attempt = 0; attempt < MOST_TRIES; attempt += 1) {
      const before = one(matching(await acted.store.budgets(), name, options.key));
      const used = totalOf(before, options);
      if (await change(acted, { before, used, reason })) return report(context.terminal, before, { used, options });
    }
    throw new GatewayError('STORE_UNAVAILABLE', `${name} is charged too often to be corrected now`, {
      mend: 'Try again.',
    });
  });
}

async function readBudgets(context: CommandContext, options: ConfigOption): Promise<readonly ListedBudget[]> {
  const { config } = readConfig(context, options);
  const reader = new DecisionReader(storePlaceOf(config));
  try {
    return await reader.budgets((await reader.clock(clock)).now());
  } finally {
    await reader.close();
  }
}

function matching(budgets: readonly ListedBudget[], name: string, key: KeyValues = {}): readonly ListedBudget[] {
  const named = budgets.filter(({ counter }) => counter === name);
  const found = named.filter((budget) => Object.entries(key).every(([fact, value]) => budget.key[fact] === value));
  if (found.length > 0) return found;
  const known = named.length > 0 ? named.map(keyText) : [...new Set(budgets.map(({ counter }) => counter))];
  throw new GatewayError('RECORD_NOT_FOUND', `nothing is counted under ${[name, textOf(key)].join(' ').trim()} now`, {
    mend: known.length === 0 ? 'No call was charged to any counter.' : `There is: ${known.join('; ')}.`,
  });
}

function one(budgets: readonly ListedBudget[]): ListedBudget {
  const [only, ...others] = budgets;
  if (only !== undefined && others.length === 0) return only;
  throw usage('more than one count fits', `Say which with --key: ${budgets.map(keyText).join('; ')}.`);
}

function totalOf({ used }: ListedBudget, { by, to = used + (by ?? 0) }: AdjustOptions): number {
  if (to < 0) throw usage(`only ${used} are used, so ${-(by ?? 0)} cannot be taken off`, 'Give --to 0 to begin anew.');
  return Math.round(to * 1000) / 1000;
}

interface Correction {
  readonly before: ListedBudget;
  readonly used: number;
  readonly reason: string;
}

/** False where a call was charged meanwhile. */
async function change({ store, actOf }: Acting, { before, used, reason }: Correction): Promise<boolean> {
  const { counter, key, bucket, startsMs, storedParts } = before;
  const stood = { key, used: before.used };
  const act = actOf({ verb: 'budget.adjust', subject: counter, before: stood, after: { key, used }, reason });
  const answer = await store.log.act(act, [{ kind: 'adjust', bucket, startsMs, fromParts: storedParts, to: used }]);
  return !isRefusal(answer);
}

interface Corrected {
  readonly used: number;
  readonly options: AdjustOptions;
}

function report(terminal: Terminal, before: ListedBudget, { used, options }: Corrected): void {
  const { counter, key } = before;
  if (options.json === true)
    return printJson(terminal, 'budget-adjust', { counter, key, before: before.used, after: used });
  return printLine(terminal, `${counter} ${textOf(key)}: ${before.used} → ${used} used`);
}

interface Shown {
  readonly budgets: readonly ListedBudget[];
  readonly options: BudgetOptions;
}

function print(terminal: Terminal, schema: string, { budgets, options }: Shown): void {
  if (options.json === true) return printJson(terminal, schema, { budgets: budgets.map(asJson) });
  return printTable(
    terminal,
    ['counter', 'used', 'reserved', 'limit', 'unit', 'resets', 'key', 'window'],
    budgets.map((budget) => [
      budget.counter,
      `${budget.used} (${Math.floor(ratioOf(budget) * 100)} %)`,
      String(budget.reserved),
      String(budget.limit),
      budget.unit,
      budget.resets_at === '' ? '-' : budget.resets_at.slice(0, 19).replace('T', ' '),
      keyText(budget) || '-',
      budget.window,
    ]),
  );
}

function asJson(budget: ListedBudget): object {
  const { counter, key, unit, version, window, used, reserved, limit, resets_at } = budget;
  const remaining = Math.max(0, Math.round((limit - used - reserved) * 1000) / 1000);
  return { counter, key, unit, version, window, used, reserved, limit, remaining, ratio: ratioOf(budget), resets_at };
}

function ratioOf({ used, reserved, limit }: ListedBudget): number {
  return limit === 0 ? 1 : Math.round(((used + reserved) / limit) * 1000) / 1000;
}

function keyText({ key }: ListedBudget): string {
  return textOf(key);
}

function textOf(key: KeyValues): string {
  return Object.entries(key)
    .map(([fact, value]) => `${fact}=${value}`)
    .join(' ');
}

function usage(message: string, mend: string): GatewayError {
  return new GatewayError('USAGE', message, { mend });
}
