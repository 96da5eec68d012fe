import type { Tried, WantedBundle } from './policies.ts';
import { untimely } from './signing.ts';
import { isBefore } from '../core/revision.ts';
import { startOf } from '../core/signature.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/logger.ts';
import type { GenerationStore } from '../state/generation-store.ts';

export interface SeenBefore {
  readonly store: Pick<GenerationStore, 'seenRevisions'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether somebody has rolled the bundle back: then it is as old as it is said to be. */
  readonly isPinned: (wanted: WantedBundle) => boolean;
}

/**
 * Bundles that are good, less those whose signature has ended or does not count yet, and less signed ones that are older than what was in force of
 * them before: a signature does not say that something is the newest. Source: notes of The Update Framework on rollback and
 * freeze attacks.
 */
export async function withoutReplayed(
  tried: readonly Tried[],
  { store, clock, logger, isPinned }: SeenBefore,
): Promise<readonly Tried[]> {
  if (!tried.some(isSigned)) return tried;
  const seen = await store.seenRevisions();
  const now = clock.now();
  return tried.map((one): Tried => {
    if (one.kind !== 'good' || !isSigned(one)) return one;
    const { wanted, loaded } = one;
    const refusal = untimely(loaded.bundle, now);
    if (refusal !== undefined) {
      const { message: problem, mend } = refusal;
      const startsMs = startOf(loaded.bundle.signature, now);
      return { wanted, problem, mend, ...(startsMs === undefined ? { kind: 'expired' } : { kind: 'early', startsMs }) };
    }
    if (isPinned(wanted)) return one;
    const { id, source, manifest } = loaded.bundle;
    const { revision } = manifest;
    const before = seen.get(id);
    if (before === undefined) logger.warn(FIRST_SEEN, { bundle: id, revision });
    const problem = replayProblem(revision, before);
    if (problem === '') return one;
    return { kind: 'bad', wanted, problem: `the bundle ${id} (${source}) is not used: ${problem}`, mend: MEND };
  });
}

function isSigned(one: Tried): boolean {
  return one.kind === 'good' && one.loaded.bundle.signature.kind === 'verified';
}

const FIRST_SEEN = 'this store has not seen the signed bundle before, so that nobody can tell whether it is the newest';
const MEND =
  'Publish it again with a higher revision, or go back on purpose: `mcp-gateway policy rollback --bundle ID --to DIGEST`.';

/** Empty where it is no older, or where what was seen stands in no order. */
function replayProblem(revision: string, before: string | undefined): string {
  if (before === undefined || before === '') return '';
  const isOlder = isBefore(revision, before);
  if (isOlder === undefined)
    return `its revision ${JSON.stringify(revision)} cannot be compared with ${before}, which was in force`;
  return isOlder ? `it is revision ${revision}, and ${before} was in force` : '';
}
