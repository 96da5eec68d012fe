import type { Layer, Mode } from './opinion.ts';

/** Which bundles decide, and how far each counts: what is kept of a generation whenever one is put in force. */
export interface GenerationFacts {
  /** The configured bundles and the starters, in the order of their ids. */
  readonly bundles: readonly GenerationBundle[];
  /** Layers whose absence is a denial. */
  readonly required: readonly Layer[];
  /** Fuel of one bundle in one decision. */
  readonly evaluationFuel: number;
  /** SHA-256, hex, of the common library; its text is kept under it. */
  readonly library: string;
  /** SHA-256, hex, of the toolchain’s program. */
  readonly toolchain: string;
}

export interface GenerationBundle {
  readonly id: string;
  readonly layer: Layer;
  readonly place: BundlePlace;
  readonly mode: Mode;
  /** Modes of single rules, by rule id. */
  readonly ruleModes: Readonly<Record<string, Mode>>;
  /** SHA-256, hex; both empty while the bundle is missing. */
  readonly digest: string;
  readonly dataDigest: string;
  /** Where it was read from: a path or an address. */
  readonly source: string;
  /** Whose signatures it was held to, as in `BundleSignature`; absent where to nobody's. */
  readonly signer?: string | undefined;
  readonly signatureEndsMs?: number | null | undefined;
}

/** Whom a bundle is for. */
export type BundlePlace =
  | {
      readonly kind: 'organisation';
      readonly scope: { readonly [kind in 'servers' | 'agents' | 'tools']: readonly string[] };
    }
  | { readonly kind: 'server'; readonly server: string }
  | { readonly kind: 'agent'; readonly agent: string }
  | { readonly kind: 'starter' };

/** A generation put in force, once: a start or a change that leaves everything as it was adds none. */
export interface Activation {
  /** Rises with time, in the store. */
  readonly seq: number;
  /** SHA-256, hex. */
  readonly generation: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly instance: string;
  /** Why it was put in force, such as `start` or `rollback`. */
  readonly why: string;
  readonly facts: GenerationFacts;
}

/** As much of a hash as people and agents are shown; what a store has is told apart by it. */
export function shortHash(hash: string): string {
  return hash.slice(0, 12);
}
