import { agentsIn } from './agents.ts';
import { environmentOf } from './gateway.ts';
import { readKnownTools, type KnownTools } from './known-tools.ts';
import { openTrials, type TrialOptions } from './trial.ts';
import { pinReader, pinOf } from '../catalog/pins.ts';
import { tokensOf } from '../catalog/tokens.ts';
import type { Consent, ToolEffect } from '../core/action.ts';
import type { JsonObject } from '../core/json.ts';
import type { ServerId } from '../core/names.ts';
import { lockedIn, type ServerLock, type ToolPin } from '../core/server-lock.ts';
import { Exposure } from '../gateway/exposure.ts';
import type { Caller } from '../gateway/port.ts';
import { routeToTool } from '../gateway/tool-route.ts';

/** A tool as an agent sees it, or why it does not. */
export interface ShownTool {
  /** As clients call it. */
  readonly name: string;
  readonly server: string;
  /** The server's own name for it. */
  readonly tool: string;
  readonly effect: ToolEffect;
  /** How it stands to what was accepted; `changed` cannot be used until somebody has looked at it. */
  readonly consent: Consent;
  /** Of a model's context; an estimate. */
  readonly tokens: number;
  readonly seen: Seen;
  readonly definition: JsonObject;
  readonly pin: ToolPin;
  /** What was accepted; null where nothing was. */
  readonly accepted: ToolPin | null;
  /** The rules that hide it; full names. */
  readonly hidden_by: readonly string[];
}

/** `in_doubt`: a bundle cannot be asked, so that the tool is not listed. */
export type Seen = 'listed' | 'hidden' | 'out_of_reach' | 'in_doubt';

export interface ShownTools {
  readonly tools: readonly ShownTool[];
  /** Servers that no gateway has listed yet. */
  readonly unlisted: readonly string[];
}

export interface ShowingTools extends TrialOptions {
  readonly lock: ServerLock;
  readonly caller: Caller;
  /** IANA name. */
  readonly timezone: string;
}

/** What an agent would see of what was last listed, under the policies as they are configured. No server is started. */
export async function shownTools(options: ShowingTools): Promise<ShownTools> {
  const known = await readKnownTools(options.config);
  if (known.lists.size === 0) return { tools: [], unlisted: known.unlisted };
  const trials = await openTrials(options);
  try {
    const { routes } = await trials.groundFor(trials.policy, known.lists);
    const agents = agentsIn(options.config);
    const exposure = new Exposure({
      policy: () => trials.policy,
      agents,
      environment: environmentOf(options),
      clock: options.clock,
    });
    const caller = agents.known(options.caller);
    const tools = known.catalog.listing.flatMap(({ exposedName, server, name, definition }) => {
      const governed = routes.get(`${server}/${name}`)?.server;
      if (governed === undefined) return [];
      const locked = lockedIn(options.lock, server);
      const stateOf = readerFor(server, known, options);
      const route = routeToTool(
        { exposedName, server, name, definition },
        { ...governed, facts: { ...governed.facts, pinned: locked !== undefined } },
        stateOf,
      );
      const visibility = exposure.visibilityOf(route, caller);
      const isReached = visibility.kind !== 'hidden' || visibility.internal !== 'gateway.out_of_scope';
      return [
        {
          name: exposedName,
          server,
          tool: name,
          effect: route.facts.effect,
          consent: route.facts.consent,
          tokens: tokensOf(definition),
          seen: SEEN[isReached ? visibility.kind : 'out_of_reach'],
          definition,
          pin: pinOf(definition),
          accepted: locked?.tools[name] ?? null,
          hidden_by: visibility.kind === 'hidden' ? visibility.rules : [],
        } as const,
      ];
    });
    return { tools, unlisted: known.unlisted };
  } finally {
    await trials.close();
  }
}

const SEEN = { visible: 'listed', hidden: 'hidden', in_doubt: 'in_doubt', out_of_reach: 'out_of_reach' } as const;

function readerFor(
  server: ServerId,
  { lists }: KnownTools,
  { lock, config }: ShowingTools,
): ReturnType<typeof pinReader> {
  const locked = lockedIn(lock, server);
  const offered = (lists.get(server) ?? []).map(({ name }) => (typeof name === 'string' ? name : ''));
  if (locked === undefined) return pinReader(undefined, offered);
  const tools = new Map(Object.entries(locked.tools));
  return pinReader({ tools, drift: '', text: config.policies.pins.text }, offered);
}
