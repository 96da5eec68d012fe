import type { JoinedObligations, RequiredApproval } from '../core/decision.ts';
import { type Obligation, REMEMBER, type Remember } from '../core/opinion.ts';

type Counter = JoinedObligations['counters'][number];
type RateLimit = JoinedObligations['rate_limits'][number];
type Label = JoinedObligations['labels'][number];

export const NO_OBLIGATIONS: JoinedObligations = {
  audit_required: false,
  redact: { record: [], result: [] },
  approvals: [],
  counters: [],
  rate_limits: [],
  deadline_ms: 0,
  labels: [],
};

/** One obligation of a bundle in the form that `join` takes; `warn` and unknown types leave nothing to carry. */
export function asJoined(obligation: Obligation, bundle: string): JoinedObligations {
  switch (obligation.type) {
    case 'audit_required':
      return { ...NO_OBLIGATIONS, audit_required: true };
    case 'redact':
      return {
        ...NO_OBLIGATIONS,
        redact: { ...NO_OBLIGATIONS.redact, [obligation.target]: uniteTexts(obligation.pointers, []) },
      };
    case 'require_approval': {
      const { by, quorum, ttl_s, remember } = obligation;
      return { ...NO_OBLIGATIONS, approvals: [{ by, quorum, ttl_s, remember }] };
    }
    case 'counter':
      return {
        ...NO_OBLIGATIONS,
        counters: [{ counter: counterName(bundle, obligation.name), cost: obligation.cost }],
      };
    case 'rate_limit': {
      const { type, limit, window_s } = obligation;
      return { ...NO_OBLIGATIONS, rate_limits: [{ type, key: uniteTexts(obligation.key, []), limit, window_s }] };
    }
    case 'deadline':
      return { ...NO_OBLIGATIONS, deadline_ms: obligation.ms };
    case 'label':
      return { ...NO_OBLIGATIONS, labels: [{ label: obligation.label, ttl_s: obligation.ttl_s }] };
    case 'warn':
    case 'unknown':
      break;
  }
  return NO_OBLIGATIONS;
}

/** A bundle names its own counters briefly; a shared one of another bundle by its full name. */
function counterName(bundle: string, name: string): string {
  return name.includes('/') ? name : `${bundle}/${name}`;
}

/** Which items are one, and what is left of two that are. */
interface Uniting<Item> {
  readonly keyOf: (item: Item) => string;
  readonly meet: (left: Item, right: Item) => Item;
}

const APPROVALS: Uniting<RequiredApproval> = { keyOf: ({ by }) => by, meet: strictestApproval };
const COUNTERS: Uniting<Counter> = { keyOf: ({ counter }) => counter, meet: highestCost };
const RATE_LIMITS: Uniting<RateLimit> = { keyOf: bucketOf, meet: lowestLimit };
const LABELS: Uniting<Label> = { keyOf: labelKey, meet: (label) => label };

/**
 * What satisfies both: commutative, associative, idempotent, so neither the
 * order nor the number of bundles matters. Lists come out sorted. Zero in a
 * time means that none was asked.
 */
export function join(left: JoinedObligations, right: JoinedObligations): JoinedObligations {
  if (left === NO_OBLIGATIONS) return right;
  if (right === NO_OBLIGATIONS) return left;
  return {
    audit_required: left.audit_required || right.audit_required,
    redact: {
      record: uniteTexts(left.redact.record, right.redact.record),
      result: uniteTexts(left.redact.result, right.redact.result),
    },
    approvals: unite(left.approvals, right.approvals, APPROVALS),
    counters: unite(left.counters, right.counters, COUNTERS),
    rate_limits: unite(left.rate_limits, right.rate_limits, RATE_LIMITS),
    deadline_ms: leastAsked(left.deadline_ms, right.deadline_ms),
    labels: unite(left.labels, right.labels, LABELS),
  };
}

/** The text by which a rate limit's reservation is known. */
export function bucketOf(rate: Pick<RateLimit, 'key' | 'window_s'>): string {
  return `${rate.key.join(',')}/${rate.window_s}s`;
}

function strictestApproval(left: RequiredApproval, right: RequiredApproval): RequiredApproval {
  return {
    by: left.by,
    quorum: Math.max(left.quorum, right.quorum),
    ttl_s: leastAsked(left.ttl_s, right.ttl_s),
    remember: strictestRemember(left.remember, right.remember),
  };
}

function strictestRemember(left: Remember, right: Remember): Remember {
  return REMEMBER.indexOf(left) <= REMEMBER.indexOf(right) ? left : right;
}

function highestCost(left: Counter, right: Counter): Counter {
  return left.cost >= right.cost ? left : right;
}

function lowestLimit(left: RateLimit, right: RateLimit): RateLimit {
  return left.limit <= right.limit ? left : right;
}

function labelKey(label: Label): string {
  return `${label.label} ${label.ttl_s}`;
}

function leastAsked(left: number, right: number): number {
  if (left === 0) return right;
  if (right === 0) return left;
  return Math.min(left, right);
}

function uniteTexts(left: readonly string[], right: readonly string[]): readonly string[] {
  return left.length + right.length === 0 ? NO_TEXTS : [...new Set([...left, ...right])].toSorted();
}

const NO_TEXTS: readonly string[] = [];

/** One item for each key, in the order of the keys; both lists are such already. */
function unite<Item>(left: readonly Item[], right: readonly Item[], { keyOf, meet }: Uniting<Item>): readonly Item[] {
  if (left.length === 0) return right;
  if (right.length === 0) return left;
  const byKey = new Map<string, Item>();
  for (const item of [...left, ...right]) {
    const key = keyOf(item);
    const before = byKey.get(key);
    byKey.set(key, before === undefined ? item : meet(before, item));
  }
  return [...byKey.keys()].toSorted().flatMap((key) => byKey.get(key) ?? []);
}
