import type { SealedRecord } from '../core/record.ts';
import { visibleJson } from '../core/visible-json.ts';
import { ocsfEvent } from './ocsf-event.ts';
import { inputOf, maskedIn } from './replay-input.ts';
import { shownRecord } from './shown-record.ts';

/**
 * How decisions are written for other programs: `jsonl` has all of a record, `csv` a row of it, `opa` what OPA's own log
 * has, `ocsf` events of the Open Cybersecurity Schema Framework.
 */
export const EXPORT_FORMATS = ['jsonl', 'csv', 'opa', 'ocsf'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportWriter {
  /** What stands before the first decision; empty where nothing does. */
  readonly head: string;
  /** With its end of line. */
  readonly lineOf: (record: SealedRecord) => string;
}

/** `version` of this gateway, which stands in the events of `opa` and `ocsf`. */
export function exportWriter(format: ExportFormat, version: string): ExportWriter {
  switch (format) {
    case 'jsonl':
      return { head: '', lineOf: (record) => `${visibleJson(JSON.stringify(shownRecord(record)))}\n` };
    case 'csv':
      return { head: csvLine(Object.keys(CSV_COLUMNS)), lineOf: (record) => csvLine(csvCells(record)) };
    case 'opa':
      return { head: '', lineOf: (record) => `${visibleJson(JSON.stringify(opaEvent(record, version)))}\n` };
    case 'ocsf':
      return { head: '', lineOf: (record) => `${visibleJson(JSON.stringify(ocsfEvent(record, version)))}\n` };
  }
}

const CSV_COLUMNS: Readonly<Record<string, (record: SealedRecord) => string>> = {
  time: ({ time }) => time,
  id: ({ id }) => id,
  effect: ({ effect }) => effect,
  action: ({ action }) => action,
  server: ({ server }) => server,
  tool: ({ tool }) => tool,
  agent: ({ principal }) => principal.agent.id,
  user: ({ principal }) => principal.user.id,
  reasons: ({ reasons }) => reasons.join(' '),
  matched_rules: ({ matched_rules }) => matched_rules.join(' '),
  outcome: (record) => shownRecord(record).outcome.status,
  decide_us: ({ latency_us }) => String(latency_us.decide),
  session: ({ session }) => session,
  generation: ({ generation }) => generation,
  seq: ({ seq }) => String(seq),
};

function csvCells(record: SealedRecord): readonly string[] {
  return Object.values(CSV_COLUMNS).map((cell) => cell(record));
}

/** RFC 4180. A cell that a spreadsheet would run as a formula gets a quote before it; what a terminal obeys is a blank. */
export function csvLine(cells: readonly string[]): string {
  const written = cells.map((cell) => {
    const plain = cell.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
    const text = /^\s*[=+\-@＝＋－＠]/u.test(plain) ? `'${plain}` : plain;
    return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${written.join(',')}\r\n`;
}

/** An event of OPA's decision log (https://www.openpolicyagent.org/docs/management-decision-logs), of a record as it is kept. */
export function opaEvent(record: Omit<SealedRecord, 'outcome'>, version: string): object {
  const { id, instance, time, trace_id, layers, input, combine, principal, generation, seq } = record;
  const { effect, reasons, matched_rules, obligations, lifted } = record;
  const asked = inputOf(record);
  const masked = asked === undefined ? [] : maskedIn(record, asked).map(({ pointer }) => `/input${pointer}`);
  return {
    labels: { app: 'mcp-gateway', id: instance, version },
    decision_id: id,
    ...(trace_id === '' ? {} : { trace_id }),
    bundles: Object.fromEntries(layers.map(({ bundle, digest }) => [bundle, { revision: digest }])),
    path: 'mcp/policy/decision',
    input,
    result: {
      allow: effect === 'allow',
      effect,
      reasons,
      matched_rules,
      lifted,
      obligations,
      policy_version: generation,
    },
    requested_by: principal.user.id,
    timestamp: time,
    metrics: { timer_rego_query_eval_ns: layers.reduce((sum, { us }) => sum + us * 1000, 0) },
    ...(masked.length === 0 ? {} : { masked }),
    nd_builtin_cache: { 'time.now_ns': { '[]': combine.now * 1_000_000 } },
    req_id: seq,
  };
}
