/** How bundles may be signed. Not among them: `none`, and what whoever verifies could sign with as well. */
export const SIGNATURE_ALGORITHMS = ['EdDSA', 'ES256', 'ES384', 'RS256', 'PS256'] as const;
export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number];

/** A public key by which a bundle has to be signed, as the configuration has it. */
export interface Signer {
  readonly key: SignerKey;
  /** What its signatures have to call the key; any name where this is empty. */
  readonly kid: string;
  /** Undefined where it follows from the kind of key. */
  readonly algorithm: SignatureAlgorithm | undefined;
  /** The scope that its signatures have to name; empty where they may name none. */
  readonly scope: string;
}

export type SignerKey =
  | { readonly kind: 'pem'; readonly pem: string }
  /** Absolute once the configuration is loaded. */
  | { readonly kind: 'file'; readonly path: string };

/** Whose signatures a bundle must carry to be used: all of these. Nobody's where its layer demands one and none is named. */
export type SignatureDemand = { readonly kind: 'none' } | { readonly kind: 'by'; readonly signers: readonly Signer[] };

export const NO_SIGNATURE_DEMANDED: SignatureDemand = { kind: 'none' };

/** `unverified`: it says that it is signed, and nobody has said by whom it has to be. */
export type BundleSignature =
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'unverified' }
  | {
      readonly kind: 'verified';
      /** RFC 7638 thumbprints of the keys, sorted, with a comma between them. */
      readonly signer: string;
      /**
       * Milliseconds since the epoch from which all of its signatures count; null where they always did. Of what was in force
       * before it is null, too: it has begun.
       */
      readonly startsMs: number | null;
      /** Milliseconds since the epoch at which the first of its signatures ends; null where none does. */
      readonly endsMs: number | null;
    };

/** From when on the signature of a bundle will count, milliseconds since the epoch; undefined where it has begun. */
export function startOf(signature: BundleSignature, nowMs: number): number | undefined {
  if (signature.kind !== 'verified' || signature.startsMs === null) return undefined;
  return signature.startsMs > nowMs ? signature.startsMs : undefined;
}

/** Whether the signature of a bundle counts no more. */
export function hasEnded(signature: BundleSignature, nowMs: number): boolean {
  return signature.kind === 'verified' && signature.endsMs !== null && signature.endsMs <= nowMs;
}
