import type { Charge, Window } from '../core/charge.ts';
import type { JoinedObligations } from '../core/decision.ts';
import { isJsonObject, type Json } from '../core/json.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import { enforcedObligations } from './combine-obligations.ts';
import { type CombineInput, takingPart } from './combine-opinions.ts';
import { asJoined, bucketOf } from './obligations.ts';

type RateLimit = JoinedObligations['rate_limits'][number];

/**
 * What a call that is allowed takes from limits, in the order of their buckets. Each bundle counts for itself, so that
 * calls which only one of two bundles limits do not use up the other's limit; a bundle that says the same limit twice
 * counts once, with the lower number.
 */
export function chargesOf(facts: CombineInput, input: PolicyInput): readonly Charge[] {
  const charges = new Map<string, Charge>();
  for (const { opinion, element } of enforcedObligations(takingPart(facts.layers))) {
    if (!facts.combine.carries.includes(element.type)) continue;
    for (const rate of asJoined(element, opinion.bundle).rate_limits) {
      const charge = chargeOf(rate, opinion.bundle, { input, now: facts.combine.now });
      const limit = Math.min(charge.limit, charges.get(charge.bucket)?.limit ?? Infinity);
      charges.set(charge.bucket, { ...charge, limit });
    }
  }
  return [...charges.values()].toSorted((left, right) => (left.bucket < right.bucket ? -1 : 1));
}

interface Moment {
  readonly input: PolicyInput;
  readonly now: number;
}

function chargeOf(rate: RateLimit, bundle: string, { input, now }: Moment): Charge {
  const counter = bucketOf(rate);
  const values = rate.key.map((path) => factAt(input, path));
  const bucket = JSON.stringify([bundle, counter, ...values]);
  return { counter, bucket, cost: 1, limit: rate.limit, window: windowAt(now, rate.window_s) };
}

/** Windows follow one another from the epoch on, the same for all processes. */
function windowAt(now: number, seconds: number): Window {
  const length = seconds * 1000;
  const startsMs = Math.floor(now / length) * length;
  return { startsMs, endsMs: startsMs + length };
}

/** One of `KEY_FACTS`: always there, always text. */
function factAt(input: PolicyInput, path: string): Json | undefined {
  let value = input as unknown as Json | undefined;
  for (const name of path.split('.')) value = isJsonObject(value) ? value[name] : undefined;
  return value;
}
