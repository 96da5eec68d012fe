import { shownPauseOf } from '../app/shown-pause.ts';
import { hasStore, storePlaceOf } from '../app/store-place.ts';
import { isRefusal } from '../core/change.ts';
import { GatewayError } from '../core/errors.ts';
import { holdsAt, LONGEST_PAUSE_MS, type Pause } from '../core/pause.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import type { StorePlace } from '../state/open-connection.ts';
import { type Acting, acting } from './acting.ts';
import { type ConfigOption, readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { clock } from './server-sign-ins.ts';
import { paint, printJson, printLine, type Terminal, visible } from './terminal.ts';
import { spanText } from './values.ts';

export interface PauseOptions extends ConfigOption {
  /** Milliseconds. */
  readonly for?: number;
  readonly reason?: string;
  readonly end?: boolean;
  readonly json?: boolean;
}

/** Begins or ends a pause for all gateways of the store, or says whether there is one. */
export async function pause(context: CommandContext, options: PauseOptions): Promise<void> {
  if (options.for !== undefined && options.end === true)
    throw new GatewayError('USAGE', '--for begins a pause and --end ends it', { mend: 'Give one of them.' });
  if (options.for !== undefined) return begin(context, { ...options, for: options.for });
  return options.end === true ? end(context, options) : say(context, options);
}

async function begin(context: CommandContext, options: PauseOptions & { readonly for: number }): Promise<void> {
  if (options.for < 1 || options.for > LONGEST_PAUSE_MS)
    throw new GatewayError('USAGE', 'a pause lasts a second at least and a day at most', { mend: 'Write --for 10m.' });
  refuseForbidden(context, options);
  const reason = (options.reason ?? '').trim();
  await acting(context, options, async ({ store, actOf }) => {
    const sinceMs = store.clock.now();
    const before = shownPauseOf(await store.pause(), sinceMs);
    const part = { sinceMs, untilMs: sinceMs + options.for, reason };
    const after = { until: timeOf(part.untilMs) };
    const act = actOf({ verb: 'pause.begin', subject: 'gateway', before: before && { ...before }, after, reason });
    const begun: Pause = { ...part, actor: act.actor };
    await store.log.act(act, [{ kind: 'begin_pause', pause: begun }]);
    if (options.json === true)
      return printJson(context.terminal, 'pause', { act: act.id, pause: shownPauseOf(begun, sinceMs) });
    printLine(context.terminal, loudText(context.terminal, begun, sinceMs));
    return printLine(context.terminal, 'Running gateways take it up within two seconds. `pause --end` ends it sooner.');
  });
}

function refuseForbidden(context: CommandContext, options: PauseOptions): void {
  const { config, path } = readConfig(context, options);
  if (config.policies.pause) return;
  throw new GatewayError('USAGE', `the organisation does not allow a pause (policies.pause in ${path})`, {
    mend: 'Ask for an override of the rule that is in the way: docs/overrides.md says how.',
  });
}

function end(context: CommandContext, options: PauseOptions): Promise<void> {
  const { terminal } = context;
  return acting(context, options, async (acted) => {
    const ended = await endIn(acted, (options.reason ?? '').trim());
    if (options.json === true) return printJson(terminal, 'pause', { act: ended ?? '', pause: null });
    return printLine(
      terminal,
      ended === undefined ? 'There is no pause.' : 'The pause is over: policies are enforced.',
    );
  });
}

/** The id of the act; undefined where there was nothing to end. */
async function endIn({ store, actOf }: Acting, reason: string): Promise<string | undefined> {
  const before = shownPauseOf(await store.pause(), store.clock.now());
  if (before === null) return undefined;
  const act = actOf({ verb: 'pause.end', subject: 'gateway', before: { ...before }, after: null, reason });
  return isRefusal(await store.log.act(act, [{ kind: 'end_pause' }])) ? undefined : act.id;
}

async function say(context: CommandContext, options: PauseOptions): Promise<void> {
  const { terminal } = context;
  const { config } = readConfig(context, options);
  const place = storePlaceOf(config);
  const { now, found } = (await hasStore(place)) ? await pauseIn(place) : { now: clock.now(), found: undefined };
  const holding = config.policies.pause && holdsAt(found, now) ? found : undefined;
  if (options.json === true) return printJson(terminal, 'pause', { act: '', pause: shownPauseOf(holding, now) });
  return printLine(terminal, holding === undefined ? 'There is no pause.' : loudText(terminal, holding, now));
}

async function pauseIn(place: StorePlace): Promise<{ readonly now: number; readonly found: Pause | undefined }> {
  const reader = new DecisionReader(place);
  try {
    return { now: (await reader.clock(clock)).now(), found: await reader.pause() };
  } finally {
    await reader.close();
  }
}

/** One line that nobody overlooks. */
export function loudText(terminal: Terminal, { untilMs, actor, reason }: Omit<Pause, 'sinceMs'>, now: number): string {
  const left = spanText(Math.max(1, Math.ceil((untilMs - now) / 1000)));
  const until = timeOf(untilMs).slice(0, 19).replace('T', ' ');
  const why = reason === '' ? '' : `: ${visible(reason)}`;
  return `${paint(terminal, ['bold', 'red'], 'PAUSED')} until ${until} UTC (${left} left), by ${visible(actor)}${why}`;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
