import { ACTION_PHASES, type ActionType } from '../core/action.ts';
import type { Layer } from '../core/opinion.ts';

/** Which calls an organisation's bundle takes part in; each list has globs, of which one must match. */
export interface BundleScope {
  readonly servers: readonly string[];
  readonly agents: readonly string[];
  /** Bare names, without the server. */
  readonly tools: readonly string[];
}

/** What a scope is asked about; a text is empty where the action has no such thing. */
export interface ScopeQuestion {
  readonly server: string;
  readonly agent: string;
  readonly tool: string;
}

export function inScope(scope: BundleScope, { server, agent, tool }: ScopeQuestion): boolean {
  return (
    scope.servers.some((glob) => matchesGlob(glob, server)) &&
    scope.agents.some((glob) => matchesGlob(glob, agent)) &&
    scope.tools.some((glob) => matchesGlob(glob, tool))
  );
}

/** What a list shows is governed by whoever governs the request for it. */
const REQUEST_OF_LIST: Readonly<Partial<Record<ActionType, ActionType>>> = {
  tool_list: 'tool_call',
  resource_list: 'resource_read',
  prompt_list: 'prompt_get',
};

/** Whether a bundle speaks about this type of action; `declared` is what its manifest says, if it does. */
export function governs(layer: Layer, declared: readonly ActionType[] | undefined, action: ActionType): boolean {
  const asked = REQUEST_OF_LIST[action] ?? action;
  if (declared !== undefined) return declared.includes(asked);
  if (layer === 'server') return asked === 'tool_call';
  return ACTION_PHASES[asked] === 'request' || ACTION_PHASES[asked] === 'server_initiated';
}

/** `*` stands for any text, also none, `?` for one character; all else for itself. Takes no more than pattern × text steps. */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  let position = 0;
  while (position < text.length) {
    if (pattern[at] === '*') {
      star = at;
      resume = position;
      at += 1;
    } else if (pattern[at] === '?' || pattern[at] === text[position]) {
      at += 1;
      position += 1;
    } else if (star === -1) {
      return false;
    } else {
      at = star + 1;
      resume += 1;
      position = resume;
    }
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
