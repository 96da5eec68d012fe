import type { Charge, Terms } from './charge.ts';
import type { OutcomeStatus } from './record.ts';

/** A charge whose cost is held until the call is over. */
export type HeldCharge = Charge & { readonly terms: Terms };

export function isHeld(charge: Charge): charge is HeldCharge {
  return charge.terms !== undefined;
}

/** What a result says that its call really cost. */
export interface FoundCost {
  readonly cost: number;
  /** Reckoned from something else. */
  readonly estimated: boolean;
}

/** How a hold ended; an element of the outcome's `settled`. */
export interface Settlement {
  /** `<bundle>/<name>`. */
  readonly counter: string;
  readonly unit: string;
  readonly state: 'settled' | 'refunded' | 'expired';
  /** What was held. */
  readonly reserved: number;
  /** What was used in its place. */
  readonly cost: number;
  /** Whether nobody has said that this is the real cost. */
  readonly estimated: boolean;
}

/** What becomes of a hold when its call is over. Where in doubt the call has cost what was held for it. */
export function settle(charge: HeldCharge, status: OutcomeStatus, found: FoundCost | undefined): Settlement {
  const { terms, cost: held } = charge;
  const isError = status === 'tool_error' || status === 'protocol_error';
  if (status === 'not_forwarded' || (isError && terms.onUpstreamError === 'refund')) return refunded(charge);
  if (terms.settleFrom === '') return settled(charge, { cost: held, estimated: false });
  if (status !== 'ok' && !isError) return settled(charge, { cost: held, estimated: true });
  return settled(charge, found ?? { cost: Math.max(held, terms.unknownCost), estimated: true });
}

function refunded({ counter, cost, terms }: HeldCharge): Settlement {
  return { counter, unit: terms.unit, state: 'refunded', reserved: cost, cost: 0, estimated: false };
}

function settled({ counter, cost: reserved, terms }: HeldCharge, { cost, estimated }: FoundCost): Settlement {
  return { counter, unit: terms.unit, state: 'settled', reserved, cost, estimated };
}
