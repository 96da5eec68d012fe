import { type GatewayStatus, type GenerationStatus, readStatus, type RunningInstance } from '../app/status.ts';
import { shortHash } from '../core/generation.ts';
import { timeText } from '../review/record-words.ts';
import type { ConfigOption } from './config.ts';
import type { CommandContext } from './context.ts';
import { counted } from './counted.ts';
import { loudText } from './pause.ts';
import { withPolicies } from './policy-place.ts';
import { announced } from './progress.ts';
import { paint, printAligned, printJson, printLine, printWrapped, type Terminal } from './terminal.ts';
import { spanText } from './values.ts';

export interface StatusOptions extends ConfigOption {
  readonly json?: boolean;
}

export function status(context: CommandContext, options: StatusOptions): Promise<void> {
  const { terminal } = context;
  return withPolicies(context, options, async (place, loader) => {
    const found = await announced(terminal, 'looking …', readStatus(place, loader));
    if (options.json === true)
      return printJson(terminal, 'status', { time: new Date(place.now).toISOString(), ...found });
    return print(terminal, found, place.now);
  });
}

function print(terminal: Terminal, found: GatewayStatus, now: number): void {
  const { pause, gateways, deciding, generation, last_hour: hour, checkpoint, unknown } = found;
  if (pause !== null)
    printLine(terminal, `${loudText(terminal, { ...pause, untilMs: Date.parse(pause.until) }, now)}\n`);
  const differ = doDiffer(gateways);
  const running = gateways.map((gateway) => [
    `pid ${String(gateway.pid)}`,
    placeText(gateway),
    ...(differ ? [deciderText(gateway)] : []),
  ]);
  if (running.length > 0) printAligned(terminal, 'runs', running);
  else printWrapped(terminal, 'runs', 'no gateway on this store');
  if (differ) printWrapped(terminal, 'differ', paint(terminal, 'red', DIFFER));
  if (generation === null) printWrapped(terminal, 'policy', 'nothing was in force on this store yet');
  else if (differ) for (const one of deciding) printGeneration(terminal, one, ` (${one.facts.slice(0, 4)})`);
  else printGeneration(terminal, generation, '');
  printParts(terminal, found);
  const { decisions, allow, deny, pending } = hour;
  const split =
    decisions === 0 ? '' : `: ${String(allow)} allowed, ${String(deny)} denied, ${String(pending)} to be approved`;
  printWrapped(terminal, 'hour', `${counted(decisions, 'decision')} in the last hour${split}`);
  const signed = checkpoint === null ? 'was never signed' : `was signed ${spanText(checkpoint.age_s)} ago`;
  printWrapped(terminal, 'log', signed);
  for (const problem of unknown) printWrapped(terminal, 'unknown', problem);
}

function placeText({ host, address, started, shadow }: RunningInstance): string {
  const door = address === '' ? '' : ` at ${address}`;
  return `on ${host}${door}, since ${timeText(started)}${shadow ? ', IN SHADOW: nothing is enforced' : ''}`;
}

function deciderText({ generation, facts, deciding_since: since }: RunningInstance): string {
  return generation === '' ? '' : `decides by ${shortHash(generation)} (${facts.slice(0, 4)}) since ${timeText(since)}`;
}

function printGeneration(terminal: Terminal, shown: GenerationStatus, which: string): void {
  const { generation, since, why, relaxed, pinned } = shown;
  const when = since === '' ? '' : ` since ${timeText(since)} (${why})`;
  printWrapped(terminal, 'policy', `generation ${shortHash(generation)}${which}${when}`);
  const loose = [
    ...relaxed.map(({ rule, mode }) => [rule, `only in mode ${mode}`]),
    ...pinned.map((bundle) => [bundle, 'was rolled back and stays where it is']),
  ];
  if (loose.length > 0) printAligned(terminal, 'relaxed', loose);
}

const DIFFER =
  'these gateways do not decide by the same policies. Within a few seconds of a change that is so; where it stays, compare their configurations, bundles and versions.';

function doDiffer(gateways: GatewayStatus['gateways']): boolean {
  return new Set(gateways.flatMap(({ facts }) => (facts === '' ? [] : [facts]))).size > 1;
}

function printParts(terminal: Terminal, { bundles, overrides, approvals, servers }: GatewayStatus): void {
  const stale = bundles.map(({ id, state, why }) => [id, paint(terminal, 'red', state), why.split('\n')[0] ?? '']);
  if (stale.length > 0) printAligned(terminal, 'bundles', stale);
  const lifting = overrides.map(({ bundle, rule, lifts, ends_in_s: left, ends_soon: soon }) => [
    rule === '' ? bundle : rule,
    `lifts ${lifts.join(', ')}, ${spanText(left)} left${soon ? ', ends soon' : ''}`,
  ]);
  if (lifting.length > 0) printAligned(terminal, 'lifted', lifting);
  const waiting = approvals.map(({ id, server, tool, by, since }) => [
    id,
    `${server}.${tool} for ${by}, since ${timeText(since)}`,
  ]);
  if (waiting.length > 0) printAligned(terminal, 'waiting', waiting);
  const called = servers.map(({ id, last_call: time, last_status: how }) => [
    id,
    time === '' ? 'never called' : `last called ${timeText(time)}: ${how}`,
  ]);
  if (called.length > 0) printAligned(terminal, 'servers', called);
}
