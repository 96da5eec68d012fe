/** What can be decided about, and in which phase of a request (one decision function serves them all). */
export const ACTION_PHASES = {
  tool_call: 'request',
  resource_read: 'request',
  prompt_get: 'request',
  completion: 'request',
  subscribe: 'request',
  sampling: 'server_initiated',
  elicitation: 'server_initiated',
  roots: 'server_initiated',
  tool_result: 'result',
  tool_list: 'list',
  resource_list: 'list',
  prompt_list: 'list',
} as const;

export type ActionType = keyof typeof ACTION_PHASES;
export type Phase = (typeof ACTION_PHASES)[ActionType];

/** What a tool does to the world, as far as anybody said. */
export type ToolEffect = 'read' | 'write' | 'destroy' | 'unknown';
/** Whether a person has accepted the tool as it is now. */
export type Consent = 'accepted' | 'new' | 'changed';

export function phaseOf(action: ActionType): Phase {
  return ACTION_PHASES[action];
}
