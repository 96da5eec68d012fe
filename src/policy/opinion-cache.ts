import { isJsonObject } from '../core/json.ts';
import type { Opinion } from '../core/opinion.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import type { RegoReads } from '../core/rego.ts';
import { reads } from './projection.ts';

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
/** Characters. What is longer holds a result, which hardly comes again. */
const LONGEST_KEY = 4_096;

/**
 * Opinions of one bundle, by exactly what it reads: the same agent asking the same tool for the hundredth time gets what
 * the bundle said the first time, fuel included. Only for bundles whose answer cannot depend on the call or the time.
 */
export class OpinionCache {
  readonly #places: readonly (readonly string[])[];
  readonly #kept = new Map<string, Opinion>();

  constructor({ inputs }: RegoReads) {
    this.#places = inputs.map((path) => (path === '' ? [] : path.split('.')));
  }

  /** What the bundle reads of an input, as text; undefined where it is too much to be kept. */
  keyOf(input: PolicyInput): string | undefined {
    let key = '';
    for (const place of this.#places) key += partOfKey(valueAt(input, place));
    return key.length > LONGEST_KEY ? undefined : key;
  }

  find(key: string): Opinion | undefined {
    return this.#kept.get(key);
  }

  /** Keeps what was said, as it is found from then on; a fault is asked for anew. */
  keep(key: string, opinion: Opinion): void {
    if (opinion.status !== 'ok') return;
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
    this.#kept.set(key, { ...opinion, us: 0, cached: true });
  }
}

/** A cache for a bundle that may have one. */
export function cacheFor(bundle: RegoReads | undefined): OpinionCache | undefined {
  return bundle === undefined || isOfTheCall(bundle) ? undefined : new OpinionCache(bundle);
}

/** Whether a bundle has to be asked at every call. */
export function isOfTheCall({ usesTime, inputs }: RegoReads): boolean {
  return usesTime || OF_THE_CALL.some((place) => reads(inputs, place));
}

function valueAt(input: PolicyInput, place: readonly string[]): unknown {
  let value: unknown = input;
  for (const name of place) value = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
}

/** No two lists of values have the same text: a text has its length before it, all else is JSON and ends its line. */
function partOfKey(value: unknown): string {
  return typeof value === 'string' ? `${value.length}:${value}` : `${JSON.stringify(value)}\n`;
}
