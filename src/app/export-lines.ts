import { type ExportFormat, exportWriter } from '../review/export-formats.ts';
import { noOutcome } from '../review/shown-record.ts';
import type { Evidence } from '../state/evidence.ts';
import { decisionLine, recordIn, rowLine } from '../state/evidence-line.ts';
import type { ReadDecision } from '../state/sealed-decisions.ts';

/** A row that is not what was written: an export leaves it out and says so. */
export type ChangedRow = Extract<ReadDecision, { readonly kind: 'changed' }>;

export interface ExportTelling {
  readonly onChanged: (row: ChangedRow) => void;
  /** Told of each decision. */
  readonly onWritten: () => void;
}

/** Lines that prove what they say, a text for each page (docs/evidence.md). */
export async function* evidenceLines(
  pages: AsyncIterable<readonly Evidence[]>,
  { onChanged, onWritten }: ExportTelling,
): AsyncGenerator<string> {
  for await (const page of pages) {
    let text = '';
    for (const item of page) {
      if (item.kind === 'changed') onChanged(item);
      if (item.kind === 'row') text += rowLine(item.row);
      if (item.kind !== 'decision') continue;
      text += decisionLine(item.decision, item.outcome ?? noOutcome(recordIn(item.decision)));
      onWritten();
    }
    if (text !== '') yield text;
  }
}

/** Decisions in the format of another program. */
export async function* recordLines(
  pages: AsyncIterable<readonly ReadDecision[]>,
  {
    format,
    version,
    onChanged,
    onWritten,
  }: ExportTelling & { readonly format: ExportFormat; readonly version: string },
): AsyncGenerator<string> {
  const { head, lineOf } = exportWriter(format, version);
  if (head !== '') yield head;
  for await (const page of pages) {
    let text = '';
    for (const item of page) {
      if (item.kind === 'changed') {
        onChanged(item);
        continue;
      }
      text += lineOf(item.record);
      onWritten();
    }
    if (text !== '') yield text;
  }
}
