import type { Charge, Terms } from './charge.ts';
import type { OutcomeStatus } from './record.ts';

/** A charge of a counter. */
export type CounterCharge = Charge & { readonly terms: Terms };

export function isOfCounter(charge: Charge): charge is CounterCharge {
  return charge.terms !== undefined;
}

/** Whether the cost is only held until the call is over. One that is known is used at once, which is half the writing. */
export function isHeld(charge: Charge): charge is CounterCharge {
  return isOfCounter(charge) && (charge.terms.settleFrom !== '' || charge.terms.onExpire === 'refund');
}

/** What a result says that its call really cost. */
export interface FoundCost {
  readonly cost: number;
  /** Reckoned from something else. */
  readonly estimated: boolean;
}

/** What a counter was charged in the end; an element of the outcome's `settled`. */
export interface Settlement {
  /** `<bundle>/<name>`. */
  readonly counter: string;
  readonly unit: string;
  readonly state: 'settled' | 'refunded' | 'expired';
  /** What it was charged at first. */
  readonly reserved: number;
  /** What was used in its place. */
  readonly cost: number;
  /** Whether nobody has said that this is the real cost. */
  readonly estimated: boolean;
}

/** What a call has cost, now that it is over. Where in doubt, what was reckoned with. */
export function settle(charge: CounterCharge, status: OutcomeStatus, found: FoundCost | undefined): Settlement {
  const { terms, cost: held } = charge;
  const isError = status === 'tool_error' || status === 'protocol_error';
  if (status === 'not_forwarded' || (isError && terms.onUpstreamError === 'refund')) return refunded(charge);
  if (terms.settleFrom === '') return settled(charge, { cost: held, estimated: false });
  if (status !== 'ok' && !isError) return settled(charge, { cost: held, estimated: true });
  return settled(charge, found ?? { cost: Math.max(held, terms.unknownCost), estimated: true });
}

function refunded({ counter, cost, terms }: CounterCharge): Settlement {
  return { counter, unit: terms.unit, state: 'refunded', reserved: cost, cost: 0, estimated: false };
}

function settled({ counter, cost: reserved, terms }: CounterCharge, { cost, estimated }: FoundCost): Settlement {
  return { counter, unit: terms.unit, state: 'settled', reserved, cost, estimated };
}
