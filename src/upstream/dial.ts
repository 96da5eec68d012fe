import { GatewayError } from '../core/errors.ts';
import type { Era } from '../core/protocol.ts';
import { greetSession } from './greet-session.ts';
import { greetStateless } from './greet-stateless.ts';
import type { Greeted, Greeting } from './greeting.ts';
import type { ServerFacts } from './server-facts.ts';

/** In which era a server is wanted, and what is known of the stateless one. */
export interface Wish {
  readonly era: Era;
  /** Undefined where it was never found out. */
  readonly isStatelessOffered: boolean | undefined;
  /** How long a server of which nothing is known may take to answer a probe over a pipe, milliseconds. */
  readonly probeMs: number;
}

export type Dialled =
  | {
      readonly kind: 'ready';
      readonly facts: Omit<ServerFacts, 'eras'>;
      /** What was found out on the way. */
      readonly offered: Partial<Readonly<Record<Era, boolean>>>;
    }
  /** Some servers end when they are asked anything before `initialize`. */
  | { readonly kind: 'ended_by_probe' };

/**
 * Greets a server in the era that is wanted where it offers it, else in the other, all on one road: a process is not
 * started a second time to find out. A session is asked for without a probe, for its answer tells as much.
 */
export async function dial(greeting: Greeting, wish: Wish): Promise<Dialled> {
  if (wish.era === 'session' || wish.isStatelessOffered === false) return dialSession(greeting);
  const probed = await probe(greeting, wish);
  if (probed.kind === 'ended') return { kind: 'ended_by_probe' };
  if (probed.kind === 'greeted') return { kind: 'ready', facts: probed.facts, offered: { stateless: true } };
  const greeted = await greetSession(greeting);
  if (greeted.kind === 'declined') throw greeted.why;
  return { kind: 'ready', facts: greeted.facts, offered: { session: true, stateless: false } };
}

/** Where a session is declined, whatever was known before: the server may be another one since. */
async function dialSession(greeting: Greeting): Promise<Dialled> {
  const greeted = await greetSession(greeting);
  if (greeted.kind === 'greeted') return { kind: 'ready', facts: greeted.facts, offered: { session: true } };
  const other = await greetStateless(greeting).catch(() => greeted);
  if (other.kind === 'declined') throw greeted.why;
  return { kind: 'ready', facts: other.facts, offered: { session: false, stateless: true } };
}

/** Over a pipe, silence and an end mean that the probe is not known; over HTTP they mean that the server is not well. */
async function probe(greeting: Greeting, wish: Wish): Promise<Greeted | { readonly kind: 'ended' }> {
  if (greeting.wire.hasStreams) return greetStateless(greeting);
  const timeoutMs = wish.isStatelessOffered === true ? greeting.timeoutMs : Math.min(wish.probeMs, greeting.timeoutMs);
  try {
    return await greetStateless({ ...greeting, timeoutMs });
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    if (error.code === 'UPSTREAM_TIMEOUT') return { kind: 'declined', why: error };
    if (error.code === 'UPSTREAM_CLOSED' && wish.isStatelessOffered === undefined) return { kind: 'ended' };
    throw error;
  }
}
