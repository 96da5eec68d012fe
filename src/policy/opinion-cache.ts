import type { Opinion } from '../core/opinion.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import type { RegoReads } from '../core/rego.ts';
import { projectionTo, reads } from './projection.ts';

/** What changes with every call; a bundle that can see any of it is asked each time. */
const OF_THE_CALL = [
  'action.args',
  'action.hash',
  'action.request',
  'action.resource',
  'action.ref',
  'context',
  'budgets',
  'claims',
  'environment.time',
  'environment.time_ms',
  'environment.weekday',
];

const MOST_KEPT = 1_000;

/**
 * Opinions of one bundle, by exactly what it reads: the same agent asking the same tool for the hundredth time gets what
 * the bundle said the first time, fuel included. Only for bundles whose answer cannot depend on the call or the time.
 */
export class OpinionCache {
  readonly #project: ReturnType<typeof projectionTo>;
  readonly #kept = new Map<string, Opinion>();

  constructor({ inputs }: RegoReads) {
    this.#project = projectionTo(inputs);
  }

  /** What the bundle reads of an input, as text. */
  keyOf(input: PolicyInput): string {
    return JSON.stringify(this.#project(input));
  }

  find(key: string): Opinion | undefined {
    return this.#kept.get(key);
  }

  /** Keeps what was said; a fault is asked for anew. */
  keep(key: string, opinion: Opinion): void {
    if (opinion.status !== 'ok') return;
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
    this.#kept.set(key, opinion);
  }
}

/** A cache for a bundle that may have one. */
export function cacheFor(bundle: RegoReads | undefined): OpinionCache | undefined {
  if (bundle === undefined || bundle.usesTime) return undefined;
  return OF_THE_CALL.some((place) => reads(bundle.inputs, place)) ? undefined : new OpinionCache(bundle);
}
