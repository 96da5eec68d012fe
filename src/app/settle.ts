import type { PolicyOptions, Tried, WantedBundle } from './policies.ts';
import { withoutReplayed } from './signed-bundles.ts';
import { mayStay } from './signing.ts';
import {
  heldBack,
  lastGoodOf,
  type PinnedWish,
  problemWith,
  type Stand,
  type Staleness,
  standIn,
  stayingWith,
  tellOfStand,
} from './stands.ts';
import { messageOf } from '../core/errors.ts';
import type { GenerationStore } from '../state/generation-store.ts';

export interface Settling {
  /** How each bundle stands now, by its id. */
  readonly before: ReadonlyMap<string, Stand>;
  /** Sets of bundles that change together or not at all. */
  readonly atomic: readonly (readonly string[])[];
  readonly options: PolicyOptions;
  readonly store: GenerationStore;
}

/**
 * How every wish stands once what was tried is known, in their order; what was not tried stands as before. A bundle that is
 * not good stays as it was, if it may.
 */
export async function settle(
  found: readonly Tried[],
  wishes: readonly PinnedWish[],
  settling: Settling,
): Promise<readonly Stand[]> {
  const { before, atomic, options } = settling;
  const tried = await lessReplayed(found, wishes, settling);
  const byId = new Map(tried.map((one) => [one.wanted.id, one]));
  const stands = await Promise.all(
    wishes.map(async (wish): Promise<Stand> => {
      const one = byId.get(wish.wanted.id);
      if (one !== undefined) return settleOne(one, wish, settling);
      const stood = before.get(wish.wanted.id);
      return { ...wish, loaded: stood?.loaded, stale: stood?.stale };
    }),
  );
  for (const one of tried) tellOfStand(one, stands, options.logger);
  const held = heldBack(stands, atomic);
  return Promise.all(stands.map((stand) => holdBack(stand, held.get(stand.wanted.id), settling)));
}

function lessReplayed(
  tried: readonly Tried[],
  wishes: readonly PinnedWish[],
  { options: { clock, logger }, store }: Settling,
): Promise<readonly Tried[]> {
  const pinned = new Set(wishes.filter(({ pin }) => pin !== undefined).map(({ wanted }) => wanted.id));
  const isPinned = ({ id }: WantedBundle): boolean => pinned.has(id);
  return withoutReplayed(tried, { store, clock, logger, isPinned });
}

async function settleOne(one: Tried, { wanted, pin }: PinnedWish, settling: Settling): Promise<Stand> {
  if (one.kind === 'good') return { wanted, pin, loaded: one.loaded, stale: undefined };
  const { clock } = settling.options;
  const before = settling.before.get(wanted.id);
  const since = before?.stale?.since ?? clock.now();
  if (one.kind === 'expired') return { wanted, pin, loaded: undefined, stale: { since, problem: one.problem } };
  const inForce = await ifItMayStay(before?.loaded, wanted, settling);
  // Where nothing was found there is no last good state either: that would bring back what was removed.
  const kept = one.kind !== 'missing' && inForce === undefined ? await lastGood(wanted, settling) : undefined;
  const loaded = standIn(wanted, { inForce, kept, wantingMs: clock.now() - since });
  const again = againAfter(one, before?.stale?.again, clock.now());
  return { wanted, pin, loaded, stale: { since, problem: problemWith(one), again } };
}

const FIRST_WAIT_MS = 2_000;
const MOST_WAIT_MS = 600_000;

/** What the toolchain had no answer for is tried again: at first soon, because it was killed; ever later where it never ends. */
function againAfter(one: Tried, before: Staleness['again'], now: number): Staleness['again'] {
  if (one.kind === 'early') return { atMs: one.startsMs, waitedMs: 0 };
  if (one.kind !== 'unknown') return undefined;
  const waitedMs = Math.min(Math.max(2 * (before?.waitedMs ?? 0), FIRST_WAIT_MS), MOST_WAIT_MS);
  return { atMs: now + waitedMs, waitedMs };
}

/** As it was, where a bundle with which it changes cannot be used. */
async function holdBack(stand: Stand, culprit: string | undefined, settling: Settling): Promise<Stand> {
  if (culprit === undefined) return stand;
  const before = settling.before.get(stand.wanted.id);
  const old = (await ifItMayStay(before?.loaded, stand.wanted, settling)) ?? (await lastGood(stand.wanted, settling));
  return stayingWith(old, stand, { culprit, since: before?.stale?.since ?? settling.options.clock.now() });
}

async function lastGood(wanted: WantedBundle, settling: Settling): Promise<Stand['loaded']> {
  const { loader, logger } = settling.options;
  try {
    const kept = await lastGoodOf(wanted, settling.store, loader);
    return await ifItMayStay(kept, wanted, settling);
  } catch (thrown) {
    const problem = messageOf(thrown);
    logger.error('what was kept of a bundle cannot be used either', { bundle: wanted.id, problem });
    return undefined;
  }
}

/** What was good, unless it is not signed by whom that is demanded now. */
async function ifItMayStay(
  loaded: Stand['loaded'],
  { demand }: WantedBundle,
  { options: { clock } }: Settling,
): Promise<Stand['loaded']> {
  return loaded !== undefined && (await mayStay(loaded, demand, clock.now())) ? loaded : undefined;
}
