import type { Charge } from '../core/charge.ts';
import type { JoinedObligations } from '../core/decision.ts';
import { GatewayError } from '../core/errors.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import { enforcedObligations } from './combine-obligations.ts';
import { type CombineInput, takingPart } from './combine-opinions.ts';
import { chargeFor, countedBy, type Counter } from './counters.ts';
import { factAt } from './key-facts.ts';
import { asJoined, bucketOf } from './obligations.ts';
import { fixedWindow } from './windows.ts';

type RateLimit = JoinedObligations['rate_limits'][number];
type Counted = JoinedObligations['counters'][number];

/** With what charges are reckoned beside what bundles said. */
export interface Reckoning {
  readonly input: PolicyInput;
  /** By full name. */
  readonly counters: ReadonlyMap<string, Counter>;
}

/**
 * What a call that is allowed takes from limits, in the order of their buckets. Each bundle counts for itself, so that
 * calls which only one of two bundles limits do not use up the other's limit; a bundle that says the same limit twice
 * counts once, with the lower number. A counter is charged once, by the highest cost that anybody says.
 */
export function chargesOf(facts: CombineInput, { input, counters }: Reckoning): readonly Charge[] {
  const charges = new Map<string, Charge>();
  const { now, carries } = facts.combine;
  for (const { opinion, element } of enforcedObligations(takingPart(facts.layers))) {
    if (!carries.includes(element.type)) continue;
    const joined = asJoined(element, opinion.bundle);
    for (const rate of joined.rate_limits) {
      const charge = rateCharge(rate, opinion.bundle, { input, now });
      const limit = Math.min(charge.limit, charges.get(charge.bucket)?.limit ?? Infinity);
      charges.set(charge.bucket, { ...charge, limit });
    }
    for (const counted of joined.counters) {
      const charge = counterCharge(counted, counterIn(counters, counted), { input, now });
      const cost = Math.max(charge.cost, charges.get(charge.bucket)?.cost ?? 0);
      charges.set(charge.bucket, { ...charge, cost });
    }
  }
  return [...charges.values()].toSorted((left, right) => (left.bucket < right.bucket ? -1 : 1));
}

interface Moment {
  readonly input: PolicyInput;
  readonly now: number;
}

function rateCharge(rate: RateLimit, bundle: string, { input, now }: Moment): Charge {
  const counter = bucketOf(rate);
  const values = rate.key.map((path) => factAt(input, path));
  const bucket = JSON.stringify([bundle, counter, ...values]);
  return { counter, bucket, cost: 1, limit: rate.limit, window: fixedWindow(now, rate.window_s) };
}

function counterCharge({ cost }: Counted, counter: Counter, { input, now }: Moment): Charge {
  return chargeFor(countedBy(counter, input, now), cost, input);
}

/** An opinion that charges what nobody declares is malformed, so none gets here. */
function counterIn(counters: Reckoning['counters'], { counter }: Counted): Counter {
  const found = counters.get(counter);
  if (found === undefined) throw new GatewayError('POLICY_FAILED', `nobody declares the counter ${counter}`);
  return found;
}
