import type { JsonObject } from '../core/json.ts';
import type { Era } from '../core/protocol.ts';

/** What a server says of itself, and how it is spoken with. */
export interface ServerFacts {
  /** The revision that was agreed on. */
  readonly protocolVersion: string;
  /** The era that it is spoken with in. */
  readonly era: Era;
  /** The eras that it is known to offer; one that was never tried is not among them. */
  readonly eras: readonly Era[];
  readonly serverInfo: JsonObject;
  /** Empty where it says nothing. */
  readonly instructions: string;
  readonly capabilities: JsonObject;
}
