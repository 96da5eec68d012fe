import { GatewayError } from '../core/errors.ts';
import { shortHash } from '../core/generation.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { writeJson } from '../core/lossless-json.ts';
import type { SealedRecord } from '../core/record.ts';
import type { CaseView, DecisionRow, DecisionsView, DecisionView, RuleSource } from '../dashboard/api.ts';
import type { DecisionQuery } from '../dashboard/queries.ts';
import { adviseAgainst } from '../gateway/advice.ts';
import { ownReason } from '../gateway/own-reasons.ts';
import type { RuleText } from '../gateway/told-denials.ts';
import { combine } from '../policy/combine.ts';
import { readKeptBundle } from '../policy/kept-bundle.ts';
import { explain, sentenceOf } from '../review/explain.ts';
import { opinionOf, partsOf, tell } from '../review/record-words.ts';
import { type RememberedRule, readWords, wordsFact } from '../review/rule-words.ts';
import { shownRecord } from '../review/shown-record.ts';
import { bundleKey } from '../state/generation-store.ts';
import { evidenceLines, type ExportTelling, recordLines } from './export-lines.ts';
import type { DashboardParts } from './dashboard-parts.ts';

/** A page of decisions, newest first. */
export async function decisionsView({ reads }: DashboardParts, query: DecisionQuery): Promise<DecisionsView> {
  const { records, next } = await reads.list(query);
  return { rows: records.map(rowOf), ...(next !== undefined && { next }) };
}

/** Decisions behind a seq as they were made; without one, from now on. */
export async function followDecisions(
  { reads }: DashboardParts,
  query: DecisionQuery,
  afterSeq: number | undefined,
): Promise<{ readonly rows: readonly DecisionRow[]; readonly lastSeq: number }> {
  if (afterSeq === undefined) return { rows: [], lastSeq: (await reads.indexState()).lastSeq };
  const { records, lastSeq } = await reads.tail(query, afterSeq);
  return { rows: records.map(rowOf), lastSeq };
}

function rowOf(record: SealedRecord): DecisionRow {
  const { id, seq, time, effect, principal, client, server, tool, action, reasons, latency_us: us } = record;
  return {
    id,
    seq,
    time,
    effect,
    server,
    tool,
    action,
    reasons,
    agent: principal.agent.id,
    user: principal.user.id,
    client: client.name,
    decideUs: us.decide,
    outcome: record.outcome === null ? '' : record.outcome.status,
  };
}

/** The text of an export, page by page; read on the thread that reads. */
export async function* exportedDecisions(
  { reads, version, logger }: DashboardParts,
  format: 'jsonl' | 'csv' | 'opa',
  query: DecisionQuery,
): AsyncGenerator<string> {
  const { before: _, ...asked } = query;
  const filter = { ...asked, limit: Number.MAX_SAFE_INTEGER };
  const telling: ExportTelling = {
    onChanged: ({ seq, id, why }) => logger.error('a row is left out of an export', { seq, id, why }),
    onWritten: () => undefined,
  };
  const id = await reads.beginExport(format === 'jsonl' ? 'evidence' : 'records', filter);
  const evidence = pagesOf(async () => {
    const page = await reads.nextOfExport(id);
    return page?.kind === 'evidence' ? page.items : undefined;
  });
  const records = pagesOf(async () => {
    const page = await reads.nextOfExport(id);
    return page?.kind === 'records' ? page.items : undefined;
  });
  if (format === 'jsonl') yield* evidenceLines(evidence, telling);
  else yield* recordLines(records, { ...telling, format, version });
}

async function* pagesOf<T>(next: () => Promise<T | undefined>): AsyncGenerator<T> {
  for (let page = await next(); page !== undefined; page = await next()) yield page;
}

/** One decision with all that can be said of it. */
export async function decisionView(parts: DashboardParts, id: string): Promise<DecisionView> {
  const record = await parts.reads.find(id);
  const words = await wordsFor(parts, record);
  const explanation = explain(record, {
    wordsOf: (digest, rule) => words.get(digest)?.get(rule),
    ownWords: ownReason,
  });
  const sources = await sourcesOf(parts, record, words);
  const read = new Map(explanation.rules.flatMap((rule) => rule.read.map(({ path }) => [path, valueAt(record, path)])));
  return {
    record: shownRecord(record),
    explanation,
    told: toldFor(record, words),
    sources,
    read: [...read].map(([path, value]) => ({ path, value })),
  };
}

/** What the rules of each bundle said of themselves when the decision was made, by the bundle's digest. */
type Words = ReadonlyMap<string, ReadonlyMap<string, RememberedRule>>;

async function wordsFor({ reads }: DashboardParts, { layers }: SealedRecord): Promise<Words> {
  const bundles = new Map(layers.map(({ bundle, digest }) => [digest, bundle]));
  const found = [...bundles].map(async ([digest, bundle]) => {
    return [digest, readWords(await reads.fact(bundle, wordsFact(digest)))] as const;
  });
  return new Map(await Promise.all(found));
}

/** The words that the agent got, made again from the record; how often it had been told before is not in it. */
function toldFor(record: SealedRecord, words: Words): string {
  if (record.effect === 'allow') return '';
  const { action, server, tool, generation, combine: facts } = record;
  const what = tool === '' ? action : tool;
  return adviseAgainst({
    decisionId: record.id,
    policyVersion: shortHash(generation),
    decision: combine(record),
    subject: server === '' ? what : `${what} on ${server}`,
    ruleText: (name) => ruleTextOf(record, name, words),
    approvals: facts.approvals.filter(({ status }) => status === 'open'),
  }).text;
}

function ruleTextOf(record: SealedRecord, name: string, words: Words): RuleText | undefined {
  const [, id] = partsOf(name);
  const rule = words.get(opinionOf(record, name)?.digest ?? '')?.get(id);
  if (rule === undefined) return undefined;
  const { origin } = tell(record, name, { wordsOf: () => rule, ownWords: ownReason });
  return { ...rule, origin };
}

/** Lines that are shown before and behind the one that is meant. */
const AROUND = 6;

async function sourcesOf(
  { reads }: DashboardParts,
  record: SealedRecord,
  words: Words,
): Promise<readonly RuleSource[]> {
  const kept = await keptModules(reads, record);
  return record.matched_rules.flatMap((name) => {
    const [bundle, id] = partsOf(name);
    const place = words.get(opinionOf(record, name)?.digest ?? '')?.get(id)?.place ?? '';
    const colon = place.lastIndexOf(':');
    if (colon < 0) return [];
    const [file, row] = [place.slice(0, colon), Number(place.slice(colon + 1))];
    const lines = kept.get(bundle)?.[file]?.split('\n') ?? [];
    const firstRow = Math.max(1, row - AROUND);
    return [{ rule: name, file, row, firstRow, text: lines.slice(firstRow - 1, row + AROUND).join('\n') }];
  });
}

/** The Rego files of the bundles that decided, by bundle; of one that is not kept any more none. */
async function keptModules(
  reads: DashboardParts['reads'],
  { generation, layers }: SealedRecord,
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  const activation = await reads.activationOf(generation);
  const asked = new Set(layers.map(({ bundle }) => bundle));
  const bundles = (activation?.facts.bundles ?? []).filter(({ id, digest }) => digest !== '' && asked.has(id));
  const found = bundles.map(async (bundle) => {
    const text = await reads.kept(bundleKey(bundle));
    return [bundle.id, text === undefined ? {} : readKeptBundle(bundle.id, text, bundle).modules] as const;
  });
  return new Map(await Promise.all(found));
}

/** What stands in the input at a path such as `action.args.amount`. */
function valueAt({ input }: SealedRecord, path: string): Json {
  let value: Json | undefined = input as JsonObject;
  for (const name of path.split('.')) {
    value = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }
  return value ?? null;
}

/** A decision case of `policy test` that expects what was decided; what is masked in the record has to be filled in. */
export async function caseView({ reads }: DashboardParts, id: string): Promise<CaseView> {
  const record = await reads.find(id);
  const { server, tool, action, effect, reasons, principal, time, input } = record;
  if (action !== 'tool_call') {
    throw new GatewayError('USAGE', 'only a call of a tool can become a case of `policy test`');
  }
  const asked = isJsonObject(input['action']) ? input['action'] : {};
  const quoted = (value: Json): string => writeJson(value);
  const { agent, user } = principal;
  const groups = user.groups.length === 0 ? '' : `, groups: ${quoted([...user.groups])}`;
  const expected = effect === 'deny' ? `{ effect: deny, reasons: ${quoted([...reasons])} }` : effect;
  const lines = [
    'version: 1',
    `about: ${quoted(`Decision ${record.id}`)}`,
    `time: ${time}`,
    `servers: [${server}]`,
    'unlisted: unchecked',
    '',
    'principals:',
    `  caller: { agent: ${quoted(agent.id)}, user: ${quoted(user.id)}${groups} }`,
    '',
    'cases:',
    `  - name: ${quoted(sentenceOf(record).replace(/\.$/, ''))}`,
    '    principal: caller',
    `    tool: ${quoted(`${server}/${tool}`)}`,
    `    args: ${quoted(asked['args'] ?? {})}`,
    `    expect: ${expected}`,
    '',
  ];
  return { file: `cases/${server}-${record.id.slice(0, 18)}.yaml`, text: lines.join('\n') };
}
