import type { Layer, Mode } from '../core/opinion.ts';

/** `GET /api/policies` */
export interface PoliciesView {
  readonly generation: string;
  readonly bundles: readonly BundleRow[];
}

export interface BundleRow {
  readonly id: string;
  readonly layer: Layer;
  readonly mode: Mode;
  readonly source: string;
  readonly digest: string;
  readonly signer: string;
  /** When it came into force. */
  readonly since: string;
  readonly scope: string;
  /** Why its newest state is not in force; empty where it is. */
  readonly stale: string;
  readonly rules: readonly RuleRow[];
}

/** A rule in words, for people who do not read Rego. */
export interface RuleRow {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly description: string;
  readonly remediation: string;
  readonly control: readonly string[];
  readonly owner: string;
  readonly mode: Mode;
}

/**
 * A change of one bundle, from candidate to enforced. `POST /api/changes` with `{bundle, source}` begins one (`source`: a
 * folder or a `.tar.gz` on the gateway's machine, relative to the configuration file). `POST /api/changes/:id/{test|replay|shadow|enforce|rollback|
 * drop}` takes its next step and answers the `ChangeView`; `rollback` and `enforce` need `{reason}`. Each step is recorded with who took it.
 */
export interface ChangesView {
  readonly changes: readonly ChangeView[];
  readonly generations: readonly GenerationRow[];
}

export interface ChangeView {
  readonly id: string;
  readonly bundle: string;
  readonly source: string;
  readonly digest: string;
  readonly state: 'candidate' | 'tested' | 'replayed' | 'shadowed' | 'enforced' | 'rolled_back' | 'dropped';
  /** A step that takes its time: its POST answers at once, and `GET /api/changes` tells how far it is. */
  readonly running?: { readonly step: string; readonly words: string };
  /** Why the last step came to no end; absent or empty where it did. */
  readonly problem?: string;
  readonly steps: readonly ChangeStep[];
  /** Rules that are new, gone or other, in words. */
  readonly rules: readonly {
    readonly change: 'new' | 'gone' | 'other';
    readonly rule: string;
    readonly title: string;
  }[];
  readonly tests?: { readonly passed: number; readonly failed: number; readonly problems: readonly string[] };
  readonly replay?: {
    readonly replayed: number;
    readonly classes: Readonly<Record<string, number>>;
    readonly groups: readonly {
      readonly class: string;
      readonly rules: readonly string[];
      readonly count: number;
      readonly example: string;
    }[];
  };
  readonly shadow?: { readonly seen: number; readonly wouldChange: number };
}

export interface ChangeStep {
  readonly step: string;
  readonly time: string;
  readonly person: string;
  readonly reason: string;
}

export interface GenerationRow {
  readonly generation: string;
  readonly time: string;
  readonly why: string;
  readonly inForce: boolean;
  readonly changes: readonly string[];
}
