import type { Json } from './json.ts';

/** How somebody came to act. */
export type Via = 'terminal' | 'approver_key' | 'dashboard' | 'configuration' | 'agent' | 'gateway';

/** Something that is recorded and is no decision: a budget adjusted, a label cleared, an approval given, a key made. */
export interface Act {
  /** UUID version 7. */
  readonly id: string;
  /** RFC 3339 in UTC, milliseconds. */
  readonly time: string;
  /** Who did it, as `<kind>:<id>`, such as `user:maria`. */
  readonly actor: string;
  readonly via: Via;
  /** What was done, such as `budget.adjust`. */
  readonly verb: string;
  /** To what, by its id or full name. */
  readonly subject: string;
  /** How it stood before and afterwards; null where there is nothing to say. */
  readonly before: Json;
  readonly after: Json;
  /** As the person gave it; empty where none is asked. */
  readonly reason: string;
}

/** An act as the log keeps it. */
export interface SealedAct extends Act {
  readonly seq: number;
  /** Id of the process that wrote it. */
  readonly instance: string;
  /** HMAC-SHA-256 over the previous hash and this row, hex. */
  readonly hash: string;
}
