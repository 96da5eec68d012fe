import { canonicalJson } from '../core/canonical-json.ts';
import type { Opinion, People, Permit } from '../core/opinion.ts';
import type { SealedRecord } from '../core/record.ts';
import { isValid } from '../policy/permit-terms.ts';
import type { Terms } from '../policy/written-permits.ts';

/** A permit that bundles said of recorded calls. */
export interface SeenPermit {
  readonly bundle: string;
  readonly rule: string;
  readonly terms: Terms;
  /** As it was when it was last said. */
  readonly people: People;
  /** Decisions in which it lifted something. */
  readonly uses: number;
  /** RFC 3339; empty while it has lifted nothing. */
  readonly lastUsed: string;
  /** The last decision in which it was said. */
  readonly last: SealedRecord;
}

/** By what tells one permit from another. */
export type SeenPermits = ReadonlyMap<string, SeenPermit>;

/** The permits of these decisions, added to those that were seen before; `records` are the later ones, oldest first. */
export function seePermits(before: SeenPermits, records: readonly SealedRecord[]): SeenPermits {
  const seen = new Map(before);
  for (const record of records) {
    for (const opinion of record.layers) {
      for (const permit of opinion.layer === 'override' ? opinion.permit : []) see(seen, record, { opinion, permit });
    }
  }
  return seen;
}

interface Said {
  readonly opinion: Opinion;
  readonly permit: Permit;
}

function see(seen: Map<string, SeenPermit>, record: SealedRecord, { opinion, permit }: Said): void {
  const { bundle } = opinion;
  const terms = termsOf(permit);
  const key = permitKey(bundle, terms);
  const before = seen.get(key) ?? { bundle, rule: permit.id, terms, uses: 0, lastUsed: '' };
  const isUsed = hasLifted(record, { opinion, permit });
  seen.set(key, {
    ...before,
    uses: before.uses + (isUsed ? 1 : 0),
    lastUsed: isUsed ? record.time : before.lastUsed,
    people: permit.people ?? 'unverified',
    last: record,
  });
}

/** `lifted` names the rule; of its permits those count that were valid then and name the denial. */
function hasLifted({ lifted, combine }: SealedRecord, { opinion, permit }: Said): boolean {
  const name = `${opinion.bundle}/${permit.id}`;
  const isNamed = lifted.some(({ denial, by }) => by === name && permit.lifts.includes(denial));
  return isNamed && isValid(permit, combine.now);
}

function termsOf({ lifts, requested_by, approved_by, justification, not_before, expires_at }: Terms): Terms {
  return { lifts, requested_by, approved_by, justification, not_before, expires_at };
}

/** Two permits that say the same are one, in whatever order they name what they lift. */
export function permitKey(bundle: string, terms: Terms): string {
  return canonicalJson([bundle, { ...termsOf(terms), lifts: terms.lifts.toSorted() }]);
}
