import type { SealedAct } from '../core/act.ts';
import type { ControlRow, ReportView } from '../dashboard/api-report.ts';
import type { Span } from '../dashboard/queries.ts';
import { csvLine } from '../review/export-formats.ts';
import { type RememberedRule, readWords, wordsFact } from '../review/rule-words.ts';
import type { Count } from '../state/decision-statistics.ts';
import type { StoreReads } from '../state/store-reads.ts';
import type { DashboardParts } from './dashboard-parts.ts';
import { effectsIn } from './dashboard-overview.ts';

const MOST_RULES = 2_000;
const MOST_ACTS = 2_000;
const MOST_EXCEPTIONS = 200;

/** What the rules of each control did in a time, what was lifted and changed in it, and whether the log is whole. */
export async function reportView({ reads, bench, clock }: DashboardParts, span: Span): Promise<ReportView> {
  const kinds = ['effect', 'rule', 'lifted', 'permit'] as const;
  const [counts, words, acts, evidence] = await Promise.all([
    reads.count({ ...span, kinds, most: MOST_RULES, steps: 0 }, clock.now()),
    wordsInForce(reads),
    reads.acts({ ...span, limit: MOST_ACTS }),
    bench.evidence(),
  ]);
  const effects = effectsIn(counts.names.effect);
  return {
    from: new Date(counts.since).toISOString(),
    until: new Date(counts.until).toISOString(),
    total: effects.allow + effects.deny + effects.pending,
    effects,
    controls: controlsOf(words, counts.names.rule ?? [], counts.names.lifted ?? []),
    exceptions: await exceptionsIn(reads, counts.names.permit ?? []),
    acts: acts
      .filter(isOfPeople)
      .map(({ time, actor, verb, subject, reason }) => ({ time, actor, verb, subject, reason })),
    approvals: answersIn(acts),
    evidence,
  };
}

/** What every rule that is or was in force says of itself, by its full name; the newest words count. */
async function wordsInForce(reads: StoreReads): Promise<ReadonlyMap<string, RememberedRule>> {
  const activations = await reads.activations(MOST_ACTIVATIONS);
  const bundles = new Map(
    activations
      .toReversed()
      .flatMap(({ facts }) => facts.bundles.filter(({ digest }) => digest !== ''))
      .map(({ id, digest }) => [`${id} ${digest}`, { id, digest }]),
  );
  const found = [...bundles.values()].map(async ({ id, digest }) => {
    const words = readWords(await reads.fact(id, wordsFact(digest)));
    return [...words].map(([rule, said]) => [`${id}/${rule}`, said] as const);
  });
  return new Map((await Promise.all(found)).flat());
}

const MOST_ACTIVATIONS = 20;

function controlsOf(
  words: ReadonlyMap<string, RememberedRule>,
  fired: readonly Count[],
  lifted: readonly Count[],
): readonly ControlRow[] {
  const controls = new Map<string, ControlRow['rules'][number][]>();
  for (const [rule, { title, control }] of words) {
    const row = { rule, title, fired: countIn(fired, rule), lifted: countIn(lifted, rule) };
    for (const name of namesIn(control)) controls.set(name, [...(controls.get(name) ?? []), row]);
  }
  return [...controls]
    .map(([control, rules]) => ({ control, rules, fired: rules.reduce((sum, row) => sum + row.fired, 0) }))
    .toSorted((left, right) => (left.control < right.control ? -1 : 1));
}

/** `custom.control` may name several, parted by commas. */
export function namesIn(control: string): readonly string[] {
  return control
    .split(/[,;]/)
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function countIn(counts: readonly Count[], name: string): number {
  return counts.find((one) => one.name === name)?.count ?? 0;
}

/** Each permit with what the last decision that it lifted something in has of it. */
async function exceptionsIn(reads: StoreReads, permits: readonly Count[]): Promise<ReportView['exceptions']> {
  const seen = await reads.names(['permit'], 0, MOST_EXCEPTIONS);
  const last = new Map(seen.map(({ name, lastSeq }) => [name, lastSeq]));
  const found = permits.slice(0, MOST_EXCEPTIONS).map(async ({ name, count }) => {
    const seq = last.get(name);
    const [record] = seq === undefined ? [] : await reads.at([seq]);
    const id = name.slice(name.indexOf('/') + 1);
    const permit = record?.layers.flatMap((layer) => layer.permit).find((one) => one.id === id);
    return {
      rule: name,
      lifts: record?.lifted.flatMap(({ by, denial }) => (by === name ? [denial] : [])) ?? [],
      requestedBy: permit?.requested_by ?? '',
      approvedBy: permit?.approved_by ?? '',
      justification: permit?.justification ?? '',
      used: count,
    };
  });
  return Promise.all(found);
}

/** What the gateway does by itself is no change that somebody has made. */
function isOfPeople({ via, verb }: SealedAct): boolean {
  return (
    via !== 'gateway' && !verb.startsWith('approval.') && verb !== 'dashboard.sign_in' && verb !== 'dashboard.link'
  );
}

function answersIn(acts: readonly SealedAct[]): ReportView['approvals'] {
  const count = (verb: string): number => acts.filter((act) => act.verb === verb).length;
  return { approved: count('approval.approve'), denied: count('approval.deny'), expired: count('approval.expire') };
}

/** One line a control and rule; what has no rule has its own line. RFC 4180. */
export function reportCsv({ controls, from, until }: ReportView): string {
  const head = csvLine(['from', 'until', 'control', 'rule', 'title', 'fired', 'lifted']);
  const rows = controls.flatMap(({ control, rules }) =>
    rules.map(({ rule, title, fired, lifted }) =>
      csvLine([from, until, control, rule, title, String(fired), String(lifted)]),
    ),
  );
  return [head, ...rows].join('');
}
