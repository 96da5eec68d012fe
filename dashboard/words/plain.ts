import type { ToolView, ClientsView } from '../../src/dashboard/api-connected.ts';
import type { ChangeView } from '../../src/dashboard/api-policies.ts';
import type { HealthLine } from '../../src/dashboard/api.ts';
import type { Effect } from '../../src/core/decision.ts';
import type { Layer, Mode } from '../../src/core/opinion.ts';
import type { OutcomeStatus } from '../../src/core/record.ts';
import { lookUp } from './look-up.ts';

// Words for people who never read a policy. Each code that the gateway has is said here once.

export const EFFECT_WORDS: Readonly<Record<Effect, string>> = {
  allow: 'Allowed',
  deny: 'Denied',
  pending: 'Waiting',
};

interface LayerWords {
  readonly name: string;
  readonly about: string;
}

export const LAYER_WORDS: Readonly<Record<Layer, LayerWords>> = {
  identity: { name: 'Identity', about: 'who may reach what at all' },
  server: { name: 'Servers', about: 'what the author of a server says about its tools' },
  resource: { name: 'Data', about: 'what the owners of data allow' },
  workflow: { name: 'Workflow', about: 'how work is done: order, amounts, hours, limits' },
  compliance: { name: 'Compliance', about: 'laws, contracts and standards' },
  override: { name: 'Exceptions', about: 'exceptions for a time, and final refusals' },
};

export const MODE_WORDS: Readonly<Record<Mode, string>> = {
  enforce: 'In force',
  warn: 'Only warns',
  shadow: 'Only watches',
};

export const OUTCOME_WORDS: Readonly<Record<OutcomeStatus | '', string>> = {
  not_forwarded: 'Not sent',
  ok: 'Succeeded',
  tool_error: 'Tool reported an error',
  protocol_error: 'Failed',
  cancelled: 'Cancelled',
  timeout: 'No answer in time',
  unknown: 'Not known',
  '': '',
};

export const HEALTH_WORDS: Readonly<Record<HealthLine['state'], string>> = {
  ok: 'Good',
  warn: 'Look at this',
  fail: 'Broken',
};

export const TOOL_STATE_WORDS: Readonly<Record<ToolView['state'], string>> = {
  accepted: 'As accepted',
  new: 'New',
  changed: 'Changed',
  gone: 'Gone',
  unpinned: 'Not compared yet',
};

export const TOOL_EFFECT_WORDS: Readonly<Record<ToolView['effect'], string>> = {
  read: 'Reads',
  write: 'Changes things',
  destroy: 'Can destroy',
  unknown: 'Not known',
};

export const CLIENT_STATE_WORDS: Readonly<Record<ClientsView['clients'][number]['state'], string>> = {
  connected: 'Connected',
  bypasses: 'Goes past the gateway',
  not_connected: 'Not connected',
  broken: 'File cannot be read',
  not_found: 'Not on this machine',
};

export const CHANGE_STATE_WORDS: Readonly<Record<ChangeView['state'], string>> = {
  candidate: 'Proposed',
  tested: 'Tested',
  replayed: 'Compared with real calls',
  shadowed: 'Watching live',
  enforced: 'In force',
  rolled_back: 'Rolled back',
  dropped: 'Given up',
};

export const REPLAY_WORDS: Readonly<Record<string, string>> = {
  same: 'Same as before',
  allow_to_deny: 'Allowed before, denied now',
  deny_to_allow: 'Denied before, allowed now',
  to_pending: 'Would now wait for approval',
  from_pending: 'Would no longer wait for approval',
  obligations_only: 'Same, with other duties',
  reasons_only: 'Same, for another reason',
  new_error: 'The new policy fails',
  not_replayable: 'Cannot be compared',
};

const REASON_WORDS: Readonly<Record<string, string>> = {
  unknown_tool: 'No such tool for this agent',
  invalid_arguments: 'Arguments do not fit the tool',
  unpolicied_server: 'No policy for this server',
  no_grant: 'Nothing grants it',
  error: 'A policy failed',
  timeout: 'A policy took too long',
  undefined: 'A policy gave no answer',
  malformed: 'A policy answered nonsense',
  missing: 'A policy is missing',
  counter: 'Limit used up',
  audit_unavailable: 'It could not be recorded',
  tool_quarantined: 'Tool has changed and is held back',
  out_of_scope: 'Beyond what the agent may reach',
  sign_in_required: 'Sign-in is needed',
  approval_denied: 'Approval was refused',
  approval_expired: 'Nobody approved in time',
  obligation_unknown: 'A rule asks for what cannot be done',
  method_not_allowed: 'This kind of request is not let through',
};

/** A reason as people say it: those of the gateway from the table, those of bundles by the words in their code. */
export function reasonWords(reason: string): string {
  const [, own, detail = ''] = /^gateway\.([a-z_]+)(?:\.(.*))?$/.exec(reason) ?? [];
  const known = own === undefined ? undefined : lookUp(REASON_WORDS, own);
  if (known !== undefined) return detail === '' ? known : `${known} (${detail.replaceAll('_', ' ')})`;
  const words = reason.replaceAll(/[_-]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `user:maria` is maria to people. */
export function personWords(person: string): string {
  return person.replace(/^user:/, '');
}

/** Who is asked for an approval. */
export function approverWords(by: string): string {
  return by === 'user' ? 'the person who asked' : `somebody of ${by.replace(/^group:/, '')}`;
}
