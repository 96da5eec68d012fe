import { type Deciding, type DecidingGateway, decidingNow } from '../app/deciding.ts';
import { storePlaceOf } from '../app/store-place.ts';
import type { Activation, GenerationBundle } from '../core/generation.ts';
import type { PolicyPin } from '../core/policy-pin.ts';
import { changesBetween, changesText, type GenerationChanges, hashText } from '../review/generation-changes.ts';
import { timeText } from '../review/record-words.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import { type ConfigOption, readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { clock } from './server-sign-ins.ts';
import { printJson, printLine, printTable, type Terminal, visible } from './terminal.ts';

export interface GenerationsOptions extends ConfigOption {
  readonly limit?: number;
  readonly json?: boolean;
}

const DEFAULT_LIMIT = 20;

export async function list(context: CommandContext, options: GenerationsOptions): Promise<void> {
  const { terminal } = context;
  const limit = options.limit ?? DEFAULT_LIMIT;
  // One more: what the last one changed shows against it.
  const { activations, pins, deciding } = await read(
    context,
    options,
    Math.min(limit, Number.MAX_SAFE_INTEGER - 1) + 1,
  );
  const listed = activations
    .slice(0, limit)
    .map((activation, index) => withChanges(activation, activations[index + 1]));
  const shown = [...listed, ...olderIn(deciding, listed)].map((one, index) => withUse(one, { deciding, index }));
  if (options.json !== true) return print(terminal, shown, pins);
  return printJson(terminal, 'policy-generations', {
    generations: shown.map((one) => ({
      ...generationJson(one),
      in_force: one.isInForce,
      used_by: one.usedBy.map(userJson),
    })),
    pins: pins.map(pinJson),
  });
}

interface Changed extends Activation {
  /** Absent of the first one that is kept. */
  readonly changes: GenerationChanges | undefined;
}

function withChanges(activation: Activation, before: Activation | undefined): Changed {
  return { ...activation, changes: before && changesBetween(before.facts, activation.facts) };
}

/** What gateways decide by that is no longer among the newest. */
function olderIn(deciding: readonly Deciding[], listed: readonly Changed[]): readonly Changed[] {
  const seqs = new Set(listed.map(({ seq }) => seq));
  return deciding.flatMap(({ activation }) =>
    activation === undefined || seqs.has(activation.seq) ? [] : [{ ...activation, changes: undefined }],
  );
}

interface Used extends Changed {
  readonly usedBy: readonly DecidingGateway[];
  readonly isInForce: boolean;
}

/** In force is what gateways decide by; while none runs, what was put in force last. */
function withUse(
  one: Changed,
  { deciding, index }: { readonly deciding: readonly Deciding[]; readonly index: number },
): Used {
  const usedBy = deciding.find(({ activation }) => activation?.seq === one.seq)?.gateways ?? [];
  return { ...one, usedBy, isInForce: usedBy.length > 0 || (deciding.length === 0 && index === 0) };
}

function userJson({ id, pid, host, sinceMs }: DecidingGateway): object {
  return { instance: id, pid, host, since: new Date(sinceMs).toISOString() };
}

async function read(context: CommandContext, options: ConfigOption, limit: number): Promise<Read> {
  const { config } = readConfig(context, options);
  const reader = new DecisionReader(storePlaceOf(config));
  try {
    const { generations } = reader;
    const [activations, pins] = [await generations.activations(limit), await generations.pins()];
    return { activations, pins, deciding: await decidingNow(reader, (await reader.clock(clock)).now()) };
  } finally {
    await reader.close();
  }
}

interface Read {
  readonly activations: readonly Activation[];
  readonly pins: readonly PolicyPin[];
  readonly deciding: readonly Deciding[];
}

function print(terminal: Terminal, shown: readonly Used[], pins: readonly PolicyPin[]): void {
  if (shown.length === 0) return printLine(terminal, 'Nothing was in force on this store yet.');
  // Most often there is one, and nobody has to be told who.
  const differ = shown.filter(({ usedBy }) => usedBy.length > 0).length > 1;
  printTable(
    terminal,
    ['no', 'when', 'generation', 'why', 'changed', ...(differ ? ['used by'] : [])],
    shown.map(({ seq, at, generation, why, changes, usedBy }) => [
      String(seq),
      timeText(new Date(at).toISOString()),
      hashText(generation),
      why,
      changes === undefined ? '-' : changesText(changes) || 'nothing',
      ...(differ ? [usedBy.map(({ pid, host }) => `pid ${pid} on ${host}`).join(', ') || '-'] : []),
    ]),
  );
  for (const { bundle, digest, at, actor, reason } of pins) {
    const when = timeText(new Date(at).toISOString());
    const who = `rolled back by ${actor}, ${reason}`;
    printLine(terminal, visible(`${bundle} stays at ${hashText(digest)} since ${when}: ${who}`));
  }
}

function generationJson({ seq, generation, at, instance, why, facts, changes }: Changed): object {
  const { added, removed, changed, beside } = changes ?? NO_CHANGES;
  return {
    no: seq,
    generation,
    time: new Date(at).toISOString(),
    instance,
    why,
    bundles: facts.bundles.map(bundleJson),
    added: added.map(({ id }) => id),
    removed: removed.map(({ id }) => id),
    changed: changed.map(({ before, after, what }) => ({
      bundle: after.id,
      what,
      before: bundleJson(before),
      after: bundleJson(after),
    })),
    beside,
  };
}

const NO_CHANGES: GenerationChanges = { added: [], removed: [], changed: [], beside: [] };

function bundleJson({ id, layer, mode, ruleModes, digest, dataDigest, source }: GenerationBundle): object {
  return { bundle: id, layer, mode, rule_modes: ruleModes, digest, data_digest: dataDigest, source };
}

/** A pin as JSON has it. */
export function pinJson({ bundle, digest, dataDigest, modes, at, actor, reason }: PolicyPin): object {
  const counts = modes === undefined ? {} : { mode: modes.mode, rule_modes: modes.ruleModes };
  return { bundle, digest, data_digest: dataDigest, ...counts, since: new Date(at).toISOString(), actor, reason };
}
