import * as z from 'zod';
import { canonicalJson } from '../core/canonical-json.ts';
import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import type { Logger } from '../core/logger.ts';
import type { ServerId } from '../core/names.ts';
import type { Era } from '../core/protocol.ts';
import type { ServerFacts } from './server-facts.ts';

/** What is remembered of servers from one start to the next. */
export interface ServerMemory {
  read(server: ServerId): Promise<Json | undefined>;
  write(server: ServerId, facts: Json): Promise<void>;
}

export interface KnowledgeOptions {
  readonly server: ServerId;
  readonly memory: ServerMemory;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Its road is older than stateless requests, so nobody need ask. */
  readonly hasOneEra: boolean;
}

const Kept = z.object({
  facts: z.object({
    protocolVersion: z.string(),
    era: z.enum(['session', 'stateless']),
    serverInfo: z.custom<JsonObject>(isJsonObject),
    instructions: z.string(),
    capabilities: z.custom<JsonObject>(isJsonObject),
  }),
  offered: z.object({ session: z.boolean().optional(), stateless: z.boolean().optional() }),
  /** The era in which it was last wanted. */
  wanted: z.enum(['session', 'stateless']),
  /** When it was last found out whether it offers the stateless era, milliseconds since the epoch. */
  probedAtMs: z.number(),
});
type Kept = z.output<typeof Kept>;

/** A server that lacked an era may have been renewed since: after a day it is asked again. */
const STALE_MS = 24 * 3_600_000;

/**
 * What is known of one server: how it described itself and which eras it offers, so that no process is probed at each
 * start. That it does not offer the stateless era is believed for a day, and only of the version that said so.
 */
export class Knowledge {
  readonly #options: KnowledgeOptions;
  #kept: Kept | undefined;
  #wanted: Era = 'session';
  #diedOfProbe = false;
  #recalled: Promise<void> | undefined;

  constructor(options: KnowledgeOptions) {
    this.#options = options;
  }

  /** The era in which the server was last wanted by somebody. */
  get wanted(): Era {
    return this.#wanted;
  }

  get facts(): ServerFacts | undefined {
    return this.#kept === undefined ? undefined : { ...this.#kept.facts, eras: erasOf(this.#kept.offered) };
  }

  /** Whether the server offers an era; undefined where nobody knows, or not any more. */
  offers(era: Era): boolean | undefined {
    if (era === 'stateless' && (this.#diedOfProbe || this.#options.hasOneEra)) return false;
    const offered = this.#kept?.offered[era];
    const isStale = this.#options.clock.now() - (this.#kept?.probedAtMs ?? 0) > STALE_MS;
    return offered === false && isStale ? undefined : offered;
  }

  /** Reads what is remembered, once. What cannot be read is found out anew. Never rejects. */
  recall(): Promise<void> {
    this.#recalled ??= this.#read();
    return this.#recalled;
  }

  want(era: Era): void {
    this.#wanted = era;
  }

  /** Takes in what a handshake told. */
  learn(facts: Omit<ServerFacts, 'eras'>, found: Kept['offered']): ServerFacts {
    const offered = this.#diedOfProbe && found.stateless === undefined ? { ...found, stateless: false } : found;
    this.#diedOfProbe = false;
    const before = this.#kept;
    const isSame = canonicalJson(before?.facts.serverInfo ?? null) === canonicalJson(facts.serverInfo);
    const isProbed = offered.stateless !== undefined;
    const probedAtMs = before !== undefined && isSame && !isProbed ? before.probedAtMs : this.#options.clock.now();
    const { protocolVersion, era, serverInfo, instructions, capabilities } = facts;
    const kept: Kept = {
      facts: { protocolVersion, era, serverInfo, instructions, capabilities },
      offered: isSame ? { ...before?.offered, ...offered } : offered,
      wanted: this.#wanted,
      probedAtMs,
    };
    this.#kept = kept;
    if (canonicalJson(asJson(before)) !== canonicalJson(asJson(kept))) void this.#write(kept);
    return { ...facts, eras: erasOf(kept.offered) };
  }

  /** It could not be greeted. Should it be another server by now, it is greeted like one that nobody knows. */
  doubt(): void {
    if (this.#kept?.offered.stateless !== true) return;
    const { session } = this.#kept.offered;
    this.#kept = { ...this.#kept, offered: session === undefined ? {} : { session } };
  }

  /** It ended when it was probed: it is not probed again for a while, even before it has said what it is. */
  lacksStateless(): void {
    this.#diedOfProbe = true;
  }

  async #read(): Promise<void> {
    const { server, memory, logger } = this.#options;
    try {
      const kept = Kept.safeParse(await memory.read(server));
      if (!kept.success) return;
      this.#kept = kept.data;
      this.#wanted = kept.data.wanted;
    } catch (error) {
      logger.warn('what is known of a server cannot be read', { server, problem: messageOf(error) });
    }
  }

  async #write(kept: Kept): Promise<void> {
    const { server, memory, logger } = this.#options;
    try {
      await memory.write(server, asJson(kept));
    } catch (error) {
      logger.warn('what is known of a server cannot be kept', { server, problem: messageOf(error) });
    }
  }
}

function erasOf({ session, stateless }: Kept['offered']): readonly Era[] {
  return [...(session === true ? (['session'] as const) : []), ...(stateless === true ? (['stateless'] as const) : [])];
}

function asJson(kept: Kept | undefined): Json {
  if (kept === undefined) return null;
  const { session, stateless } = kept.offered;
  const offered = { ...(session === undefined ? {} : { session }), ...(stateless === undefined ? {} : { stateless }) };
  return { ...kept, offered };
}
