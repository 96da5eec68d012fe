import type { Mode } from './opinion.ts';

/** A bundle that somebody has rolled back: it stays at what was kept of it until the pin is released. */
export interface PolicyPin {
  readonly bundle: string;
  /** Both SHA-256, hex, as the activations have them. */
  readonly digest: string;
  readonly dataDigest: string;
  /** How far it counted in the generation that was rolled back to; absent is as configured. */
  readonly modes?: PinnedModes;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Who did it, as in the act: `user:maria`. */
  readonly actor: string;
  readonly reason: string;
}

export interface PinnedModes {
  readonly mode: Mode;
  /** By rule id. */
  readonly ruleModes: Readonly<Record<string, Mode>>;
}
