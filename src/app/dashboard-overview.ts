import { shortHash } from '../core/generation.ts';
import type { Config } from '../config/paths.ts';
import type { Effect } from '../core/decision.ts';
import type { Count, HealthLine, OverviewView } from '../dashboard/api.ts';
import type { Span } from '../dashboard/queries.ts';
import type { NameKind } from '../state/index-query.ts';
import type { IndexState } from '../state/store-reads.ts';
import type { DashboardParts } from './dashboard-parts.ts';
import { differenceText } from './deciding.ts';

const DAY_MS = 86_400_000;
const STEPS = 96;
const MOST_NAMES = 20;
const FRESH_KINDS = ['reason', 'tool', 'user', 'agent'] as const satisfies readonly NameKind[];

/** What happened since then, and how it stands with everything. */
export async function overviewView(parts: DashboardParts, span: Span): Promise<OverviewView> {
  const { reads, clock } = parts;
  const now = clock.now();
  const kinds: readonly NameKind[] = ['effect', 'reason', 'server', 'tool'];
  const [counts, fresh, health] = await Promise.all([
    reads.count({ ...span, kinds, most: MOST_NAMES, steps: STEPS }, now),
    reads.names(FRESH_KINDS, now - DAY_MS, MOST_FRESH_LOOKED_AT),
    healthOf(parts),
  ]);
  const effects = effectsIn(counts.names.effect);
  const total = effects.allow + effects.deny + effects.pending;
  return {
    since: timeText(counts.since),
    until: timeText(counts.until),
    total,
    effects,
    denialRate: total === 0 ? 0 : effects.deny / total,
    decideUs: counts.decideUs,
    recordUs: counts.recordUs,
    series: counts.series.map(({ startMs, ...step }) => ({ time: timeText(startMs), ...step })),
    reasons: counts.names.reason ?? [],
    servers: counts.names.server ?? [],
    tools: counts.names.tool ?? [],
    fresh: fresh
      .filter(({ firstMs, name }) => firstMs >= now - DAY_MS && name !== '')
      .slice(0, MOST_FRESH)
      .flatMap(({ kind, name, total: count }) =>
        FRESH_KINDS.flatMap((one) => (one === kind ? [{ kind: one, name, count }] : [])),
      ),
    health,
  };
}

const MOST_FRESH_LOOKED_AT = 500;
const MOST_FRESH = 50;

export function effectsIn(counts: readonly Count[] = []): Readonly<Record<Effect, number>> {
  const of = (effect: Effect): number => counts.find(({ name }) => name === effect)?.count ?? 0;
  return { allow: of('allow'), deny: of('deny'), pending: of('pending') };
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

/** The store, the configuration, what is in force, and what stands in the way of it. */
async function healthOf(parts: DashboardParts): Promise<readonly HealthLine[]> {
  const { reads } = parts;
  const [state, [activation], pins, instances] = await Promise.all([
    reads.indexState(),
    reads.activations(1),
    reads.pins(),
    reads.instances(parts.clock.now()),
  ]);
  const difference = differenceText(instances);
  const read = configurationOf(parts);
  const bundles = activation?.facts.bundles.filter(({ digest }) => digest === '') ?? [];
  return [
    storeLine(state),
    read.line,
    activation === undefined
      ? {
          what: 'policy',
          state: 'warn',
          words: 'No gateway has put any policy in force on this store yet.',
          mend: 'mcp-gateway serve',
        }
      : good(
          'policy',
          `${String(activation.facts.bundles.length)} bundles are in force as ${shortHash(activation.generation)}.`,
        ),
    ...(difference === ''
      ? []
      : [{ what: 'gateways', state: 'warn', words: `Take care: ${difference}.`, mend: 'mcp-gateway status' } as const]),
    ...bundles.map(({ id }): HealthLine => ({
      what: `bundle ${id}`,
      state: 'fail',
      words: 'It is missing, so what it governs is denied.',
      mend: `mcp-gateway policy show ${id}`,
    })),
    ...pins.map(({ bundle, actor }): HealthLine => ({
      what: `bundle ${bundle}`,
      state: 'warn',
      words: `${actor} has rolled it back; it does not follow its source.`,
      mend: `mcp-gateway policy rollback --bundle ${bundle} --clear --reason …`,
    })),
    ...shadowLines(read.config),
  ];
}

function good(what: string, words: string): HealthLine {
  return { what, state: 'ok', words, mend: '' };
}

function storeLine({ decisions, behind }: IndexState): HealthLine {
  if (behind === undefined) return good('store', `All ${String(decisions)} decisions of the log are counted.`);
  const { upToMs, percent } = behind;
  const words = `The log is being counted, up to ${timeText(upToMs)} so far (${String(percent)} % of its time); until then newer decisions are missing here.`;
  return { what: 'store', state: 'warn', words, mend: '' };
}

interface ReadConfiguration {
  readonly line: HealthLine;
  readonly config: Config | undefined;
}

function configurationOf({ read }: DashboardParts): ReadConfiguration {
  try {
    const { config, path } = read();
    return { config, line: good('configuration', `${path} is good.`) };
  } catch (thrown) {
    const words = thrown instanceof Error ? thrown.message : String(thrown);
    const mend = 'mcp-gateway config validate';
    return { config: undefined, line: { what: 'configuration', state: 'fail', words, mend } };
  }
}

function shadowLines(config: Config | undefined): readonly HealthLine[] {
  const shadowed = config?.policies.org.filter(({ mode }) => mode === 'shadow') ?? [];
  return shadowed.map(({ id }) => ({
    what: `bundle ${id}`,
    state: 'warn',
    words: 'It is in shadow: what it says is recorded and does not count.',
    mend: `mcp-gateway policy shadow --promote ${id} --reason …`,
  }));
}
