export const KEY_ROLES = ['approver', 'agent'] as const;
export type KeyRole = (typeof KEY_ROLES)[number];

/** A key as the store keeps it: the text itself is shown once, when it is made, and never kept. */
export interface NewKey {
  readonly id: string;
  readonly role: KeyRole;
  /** SHA-256 of the text, hex. The text is 256 random bits, so nothing can be guessed from it. */
  readonly hash: string;
  /** Whom it stands for. */
  readonly user: string;
  readonly groups: readonly string[];
  /** Which agent uses it; empty where its role is another. */
  readonly agent: string;
  /** Data classes that the user may see; empty where its role is not that of an agent. */
  readonly dataClasses: readonly string[];
  /** Milliseconds since the epoch. */
  readonly createdMs: number;
}

export interface StoredKey extends NewKey {
  /** Milliseconds since the epoch; undefined while it holds. */
  readonly revokedMs: number | undefined;
}
