import type { JsonObject } from './json.ts';

export const LAYERS = ['identity', 'server', 'resource', 'workflow', 'compliance', 'override'] as const;
export type Layer = (typeof LAYERS)[number];

/** `warn` turns denials into warnings; `shadow` takes no part live. */
export type Mode = 'enforce' | 'warn' | 'shadow';

/**
 * What became of asking a bundle. All but `ok` and `skipped` deny, and nothing lifts that:
 * `missing` is a configured bundle that has no good digest yet.
 */
export type OpinionStatus = 'ok' | 'skipped' | 'error' | 'undefined' | 'timeout' | 'malformed' | 'missing';

/** What one bundle says of one request, as it stands in the record's `layers`. */
export interface Opinion {
  readonly layer: Layer;
  readonly bundle: string;
  /**
   * Identity alone: the agent on whose behalf is asked, where it is of that one that the bundle was asked. What identity
   * refuses it or keeps from it is refused to and kept from who asks. Absent where the bundle was asked of the caller.
   */
  readonly agent?: string;
  /** SHA-256 of the bundle's source and data, hex; empty while the bundle is missing. */
  readonly digest: string;
  readonly mode: Mode;
  readonly status: OpinionStatus;
  /** What went wrong, for the operator; empty when nothing did. Never shown to an agent. */
  readonly error: string;
  readonly allow: readonly Verdict[];
  readonly deny: readonly Verdict[];
  readonly hide: readonly Verdict[];
  readonly obligations: readonly ObligationElement[];
  readonly permit: readonly Permit[];
  readonly labels: readonly LabelElement[];
  readonly capabilities: readonly Capability[];
  /** Microseconds it took. */
  readonly us: number;
  /** Fuel it burned: loop turns and calls, the same on every machine. */
  readonly fuel: number;
  readonly cached: boolean;
}

/** An element of `allow`, `deny` or `hide`, with what configuration and annotation resolve. */
export interface Verdict {
  readonly id: string;
  readonly reason: string;
  readonly params: Readonly<Record<string, string | number>>;
  readonly mode: Mode;
  readonly liftable: boolean;
}

export interface LabelElement {
  readonly id: string;
  readonly label: string;
  /** Seconds; 0 where the bundle says nothing. */
  readonly ttl_s: number;
  readonly mode: Mode;
}

export const CAPABILITY_KINDS = ['server', 'tool', 'scope', 'data_class'] as const;
export type CapabilityKind = (typeof CAPABILITY_KINDS)[number];

export interface Capability {
  readonly id: string;
  readonly kind: CapabilityKind;
  readonly value: string;
  readonly mode: Mode;
}

/** Capabilities that hold for a principal: a kind that is absent is unrestricted. */
export type Capabilities = Readonly<Partial<Record<CapabilityKind, readonly string[]>>>;

/**
 * Whether the two names of a permit are known to be two people: those of a bundle that was held to the signatures of its
 * `signer` are. Of any other one person may have written both.
 */
export type People = 'verified' | 'unverified';

/** An element of `permit`: lifts named denials for a time. Times are RFC 3339 with offset. */
export interface Permit {
  readonly id: string;
  readonly lifts: readonly string[];
  readonly requested_by: string;
  readonly approved_by: string;
  readonly justification: string;
  readonly not_before: string;
  readonly expires_at: string;
  /** Absent in records from before it was kept, which is as `unverified`. */
  readonly people?: People;
  readonly mode: Mode;
}

/** How long an answered approval spares the next question; from the strictest to the mildest. */
export const REMEMBER = ['never', 'session', 'pin'] as const;
export type Remember = (typeof REMEMBER)[number];

/** An element of `obligations`. A type that this version does not know keeps its fields as they came. */
export type ObligationElement = { readonly id: string; readonly mode: Mode; readonly advice: boolean } & Obligation;

export type Obligation =
  | { readonly type: 'audit_required' }
  | { readonly type: 'redact'; readonly target: 'record' | 'result'; readonly pointers: readonly string[] }
  | {
      readonly type: 'require_approval';
      readonly by: string;
      readonly quorum: number;
      readonly ttl_s: number;
      readonly remember: Remember;
    }
  | { readonly type: 'counter'; readonly name: string; readonly cost: number }
  | { readonly type: 'rate_limit'; readonly key: readonly string[]; readonly limit: number; readonly window_s: number }
  | { readonly type: 'deadline'; readonly ms: number }
  | { readonly type: 'warn'; readonly text: string }
  | { readonly type: 'label'; readonly label: string; readonly ttl_s: number }
  | { readonly type: 'unknown'; readonly name: string; readonly fields: JsonObject };
