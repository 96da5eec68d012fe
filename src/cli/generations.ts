import { storePlaceOf } from '../app/store-place.ts';
import type { Activation, GenerationBundle } from '../core/generation.ts';
import type { PolicyPin } from '../core/policy-pin.ts';
import { changesBetween, changesText, type GenerationChanges, hashText } from '../review/generation-changes.ts';
import { timeText } from '../review/record-words.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import { type ConfigOption, readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
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
  const { activations, pins } = await read(context, options, Math.min(limit, Number.MAX_SAFE_INTEGER - 1) + 1);
  const shown = activations.slice(0, limit).map((activation, index) => withChanges(activation, activations[index + 1]));
  if (options.json !== true) return print(terminal, shown, pins);
  return printJson(terminal, 'policy-generations', {
    generations: shown.map((one, index) => ({ ...generationJson(one), in_force: index === 0 })),
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

async function read(
  context: CommandContext,
  options: ConfigOption,
  limit: number,
): Promise<{ readonly activations: readonly Activation[]; readonly pins: readonly PolicyPin[] }> {
  const { config } = readConfig(context, options);
  const reader = new DecisionReader(storePlaceOf(config));
  try {
    const { generations } = reader;
    return { activations: await generations.activations(limit), pins: await generations.pins() };
  } finally {
    await reader.close();
  }
}

function print(terminal: Terminal, shown: readonly Changed[], pins: readonly PolicyPin[]): void {
  if (shown.length === 0) return printLine(terminal, 'Nothing was in force on this store yet.');
  printTable(
    terminal,
    ['no', 'when', 'generation', 'why', 'changed'],
    shown.map(({ seq, at, generation, why, changes }) => [
      String(seq),
      timeText(new Date(at).toISOString()),
      hashText(generation),
      why,
      changes === undefined ? '-' : changesText(changes) || 'nothing',
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
