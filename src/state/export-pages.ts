import type { DecisionReader } from './decision-reader.ts';
import type { Evidence } from './evidence.ts';
import type { PageRequest } from './log-pages.ts';
import type { ReadDecision } from './sealed-decisions.ts';

export type ExportPage =
  | { readonly kind: 'evidence'; readonly items: readonly Evidence[] }
  | { readonly kind: 'records'; readonly items: readonly ReadDecision[] };

interface Exporting extends PageRequest {
  readonly kind: ExportPage['kind'];
}

/** What an export has, page by page. */
export async function* exportPages(
  reader: DecisionReader,
  { kind, filter, keys }: Exporting,
): AsyncGenerator<ExportPage> {
  if (kind === 'evidence') {
    for await (const items of reader.evidence({ filter, keys })) yield { kind, items };
  } else {
    for await (const items of reader.sealed({ filter, keys, withOutcomes: true })) yield { kind, items };
  }
}
