import { type BundleLoader, readLibrary, rememberedValidation } from '../app/bundles.ts';
import { findOverrides, type Overrides } from '../app/overrides.ts';
import { SHIPPED_ANSWERS } from '../app/policies.ts';
import { hasStore, storePlaceOf } from '../app/store-place.ts';
import type { Json } from '../core/json.ts';
import { Toolchain } from '../rego/toolchain.ts';
import type { ListedOverride, OverrideState } from '../review/overrides.ts';
import { timeText } from '../review/record-words.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import { type ConfigOption, readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import { announced } from './progress.ts';
import { clock } from './server-sign-ins.ts';
import { paint, printJson, printLine, printWrapped, type Terminal, visible } from './terminal.ts';
import { spanText } from './values.ts';

export interface OverridesOptions extends ConfigOption {
  /** Milliseconds. */
  readonly endingWithin?: number;
  readonly all?: boolean;
  readonly json?: boolean;
}

const DAY_MS = 86_400_000;
/** No permit lasts longer, so no older decision can have met one that is still in force. */
const LONGEST_MS = 30 * DAY_MS;
/** What ends sooner is said to end soon. */
const SOON_S = 72 * 3600;

export async function overrides(context: CommandContext, options: OverridesOptions): Promise<void> {
  const { terminal } = context;
  const { now, ...found } = await announced(terminal, 'permits are being looked for …', find(context, options));
  const shown = found.overrides.filter((override) => isWanted(override, options));
  const ok = found.unusable.length === 0 && shown.every(({ state }) => state !== 'void');
  if (!ok) context.setExit(EXIT.findings);
  if (options.json === true) {
    const { silent_rules, unusable } = found;
    const listed = shown.map((override) => ({ ...override, ends_soon: endsSoon(override) }));
    return printJson(terminal, 'policy-overrides', {
      ok,
      time: new Date(now).toISOString(),
      overrides: listed,
      silent_rules,
      unusable,
    });
  }
  return print(terminal, found, shown);
}

async function find(context: CommandContext, options: OverridesOptions): Promise<Overrides & { readonly now: number }> {
  const { config } = readConfig(context, options);
  const place = storePlaceOf(config);
  // Before its first start a gateway has no log, and its permits are in force all the same.
  const reader = (await hasStore(place)) ? new DecisionReader(place) : undefined;
  const toolchain = new Toolchain({ cacheFolder: context.environment.cache, shippedFolder: SHIPPED_ANSWERS });
  const loader: BundleLoader = { toolchain, library: readLibrary(), validate: rememberedValidation(toolchain) };
  try {
    const now = ((await reader?.clock(clock)) ?? clock).now();
    const since = options.all === true ? 0 : now - LONGEST_MS;
    return { ...(await findOverrides({ config, home: context.environment.home, reader, now, since }, loader)), now };
  } finally {
    await reader?.close();
    await toolchain.close();
  }
}

const PRESENT: ReadonlySet<OverrideState> = new Set(['in_force', 'unconfirmed', 'void']);

function isWanted({ state, ends_in_s }: ListedOverride, { all, endingWithin }: OverridesOptions): boolean {
  if (endingWithin === undefined) return all === true || PRESENT.has(state);
  const isAlive = state === 'in_force' || state === 'unconfirmed' || (all === true && state === 'not_begun');
  return isAlive && ends_in_s * 1000 <= endingWithin;
}

function endsSoon({ state, ends_in_s }: ListedOverride): boolean {
  return (state === 'in_force' || state === 'unconfirmed') && ends_in_s <= SOON_S;
}

const HEADINGS: Readonly<Record<OverrideState, string>> = {
  in_force: 'In force',
  unconfirmed: 'In force when last met; whether still, cannot be asked, because that call was recorded masked',
  void: 'Lifts nothing, as it is written',
  not_begun: 'Not yet begun',
  gone: 'Taken back before its end, as the configuration is now',
  ended: 'Ended',
};
const STYLES = {
  in_force: 'green',
  unconfirmed: 'yellow',
  void: 'red',
  not_begun: 'dim',
  gone: 'dim',
  ended: 'dim',
} as const;
const STATES: readonly OverrideState[] = ['in_force', 'unconfirmed', 'void', 'not_begun', 'gone', 'ended'];

function print(terminal: Terminal, found: Overrides, shown: readonly ListedOverride[]): void {
  const { overrides: listed, silent_rules, unusable } = found;
  for (const state of STATES) {
    const group = shown.filter((override) => override.state === state);
    if (group.length > 0) printLine(terminal, paint(terminal, STYLES[state], HEADINGS[state]));
    for (const override of group) printOverride(terminal, override);
  }
  if (shown.some(({ people }) => people === 'unverified')) printWrapped(terminal, 'note', UNVERIFIED);
  if (shown.length === 0)
    printLine(terminal, listed.length === 0 ? 'No permit is known.' : 'None now; --all lists the others.');
  for (const rule of silent_rules)
    printWrapped(terminal, 'note', `${rule} permits, too; what, shows once a call has met it.`);
  for (const { bundle, problem } of unusable)
    terminal.err.write(`error the override bundle ${bundle} cannot be used: ${visible(problem)}\n`);
}

const UNVERIFIED =
  'Unverified: one person may have written both names. Only two signatures under a bundle, or a signer of its source, ' +
  'would show that they are two people.';

function printOverride(terminal: Terminal, override: ListedOverride): void {
  const { bundle, rule, title, owner, lifts, state, why, justification, more } = override;
  printLine(terminal, `\n${paint(terminal, 'bold', visible(rule === '' ? bundle : rule))}`);
  if (title !== '') printWrapped(terminal, 'rule', owner === '' ? title : `${title}, says ${owner}`);
  if (state === 'void') printWrapped(terminal, 'void', `${why}.`);
  printWrapped(terminal, 'lifts', lifts.join(', '));
  printWrapped(terminal, 'when', whenOf(override));
  printWrapped(terminal, 'why', justification === '' ? '-' : justification);
  printWrapped(terminal, 'who', whoOf(override));
  const members = Object.entries(more).map(([member, value]) => `${member} ${shown(value)}`);
  if (members.length > 0) printWrapped(terminal, 'data', members.join('; '));
  const scope = scopeText(override);
  if (scope !== '') printWrapped(terminal, 'only', scope);
  printWrapped(terminal, 'used', usesOf(override));
  printLine(terminal, '');
}

function whenOf(override: ListedOverride): string {
  const { state, not_before, expires_at, ends_in_s } = override;
  const left = ends_in_s === 0 ? '' : `${spanText(ends_in_s)} left`;
  const soon = endsSoon(override) ? ', ends soon' : '';
  const note = state === 'in_force' || state === 'unconfirmed' ? ` (${left}${soon})` : '';
  return `${timeText(not_before)} until ${timeText(expires_at)}${note}`;
}

function whoOf({ requested_by, approved_by, people }: ListedOverride): string {
  return `requested by ${requested_by || '-'}, approved by ${approved_by || '-'} (${people})`;
}

/** Where the configuration lets the bundle take part in some calls only. */
function scopeText({ for: scope }: ListedOverride): string {
  return Object.entries(scope)
    .filter(([, globs]: readonly [string, readonly string[]]) => !globs.includes('*'))
    .map(([name, globs]: readonly [string, readonly string[]]) => `${name} ${globs.join(', ')}`)
    .join('; ');
}

function usesOf({ uses, last_used }: ListedOverride): string {
  if (uses === 0) return 'never';
  return `${uses === 1 ? 'once' : `${uses} times`}, last ${timeText(last_used)}`;
}

function shown(value: Json): string {
  if (Array.isArray(value)) return value.map((item: Json) => shown(item)).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
