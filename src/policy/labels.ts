import { enforcedObligations } from './combine-obligations.ts';
import { type CombineInput, fullName, takingPart } from './combine-opinions.ts';

/** A label that a rule puts on a conversation. */
export interface FoundLabel {
  readonly label: string;
  /** Full name of the rule. */
  readonly source: string;
  /** Seconds; 0 where the rule says nothing. */
  readonly ttlS: number;
}

/** What the rules that take part label, each rule for itself; one that says a label twice says it for the longer time. */
export function labelsOf({ layers, combine }: Pick<CombineInput, 'layers' | 'combine'>): readonly FoundLabel[] {
  if (!combine.carries.includes('label')) return [];
  const found = new Map<string, FoundLabel>();
  for (const { opinion, element } of enforcedObligations(takingPart(layers))) {
    if (element.type !== 'label') continue;
    const { label, ttl_s: ttlS } = element;
    const source = fullName(opinion, element);
    const before = found.get(`${source} ${label}`);
    found.set(`${source} ${label}`, before === undefined ? { label, source, ttlS } : longer(before, ttlS));
  }
  return [...found.values()];
}

/** Nothing said is the time that the configuration gives, which is taken for longer than any. */
function longer(before: FoundLabel, ttlS: number): FoundLabel {
  return before.ttlS === 0 || (ttlS !== 0 && ttlS < before.ttlS) ? before : { ...before, ttlS };
}
