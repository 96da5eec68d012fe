import type { Obligation, Remember } from './opinion.ts';

export type Effect = 'allow' | 'deny' | 'pending';

/** What all bundles together say; the whole of it follows from the record (see `policy/combine.ts`). */
export interface Decision {
  readonly effect: Effect;
  /** Codes of the denials left, in the fixed order; for `pending` and `allow` empty. */
  readonly reasons: readonly string[];
  /** The true reason where `reasons` says a vaguer one (`gateway.unknown_tool`), else empty. */
  readonly reason_internal: string;
  readonly denials: readonly Denial[];
  readonly warnings: readonly Warning[];
  /** Full names `<bundle>/<rule>` of the rules that decided. */
  readonly matched_rules: readonly string[];
  readonly lifted: readonly Lifted[];
  readonly obligations: JoinedObligations;
  /** List phase: whether a rule hides the thing that was asked about. */
  readonly hidden: boolean;
}

/** A denial that was left standing. `rule` is empty where the gateway itself denies. */
export interface Denial {
  readonly reason: string;
  readonly rule: string;
  readonly params: Readonly<Record<string, string | number>>;
}

export interface Warning {
  readonly rule: string;
  readonly text: string;
}

/** `denial` is a full rule name or a reason of the gateway, `by` the full name of the permit. */
export interface Lifted {
  readonly denial: string;
  readonly by: string;
}

export interface JoinedObligations {
  readonly audit_required: boolean;
  readonly redact: {
    readonly record: readonly string[];
    readonly result: readonly string[];
  };
  /** One entry for each `by`. */
  readonly approvals: readonly RequiredApproval[];
  /** One entry for each counter `<bundle>/<name>`, with the highest cost asked. */
  readonly counters: readonly { readonly counter: string; readonly cost: number }[];
  readonly rate_limits: readonly Extract<Obligation, { type: 'rate_limit' }>[];
  /** Milliseconds; 0 when none was asked. */
  readonly deadline_ms: number;
  readonly labels: readonly { readonly label: string; readonly ttl_s: number }[];
}

export interface RequiredApproval {
  readonly by: string;
  readonly quorum: number;
  readonly ttl_s: number;
  readonly remember: Remember;
}
