import type { Retry } from '../policy/annotation.ts';

/** What the gateway says of its own denials: why, what would work, and whether to try again. */
export interface OwnReason {
  readonly title: string;
  readonly remediation: string;
  readonly retry: Retry;
}

const ASK_OPERATOR = 'Tell the user that whoever runs the gateway has to mend this.';

/** By what stands behind `gateway.`; `spent` is a `counter` that does not begin anew. */
export const OWN_REASONS: Readonly<Record<string, OwnReason>> = {
  unknown_tool: {
    title: 'There is no such tool here',
    remediation: 'List the tools again and use one of those.',
    retry: 'never',
  },
  unknown_prompt: {
    title: 'There is no such prompt here',
    remediation: 'List the prompts again and use one of those.',
    retry: 'never',
  },
  unknown_resource: {
    title: 'There is no such resource here',
    remediation: 'List the resources again and use one of those.',
    retry: 'never',
  },
  invalid_arguments: {
    title: 'The arguments do not fit what is declared for them',
    remediation: 'Correct the arguments that are named and call again.',
    retry: 'with_changes',
  },
  unpolicied_server: {
    title: 'No policy says what this server may do',
    remediation: 'Tell the user that the server needs a policy bundle before its tools can be used.',
    retry: 'never',
  },
  no_grant: {
    title: 'No rule allows this',
    remediation: 'Tell the user what you wanted to do; a rule that allows it has to be added first.',
    retry: 'never',
  },
  error: { title: 'A policy could not be evaluated', remediation: ASK_OPERATOR, retry: 'never' },
  timeout: { title: 'A policy took too long', remediation: ASK_OPERATOR, retry: 'never' },
  undefined: { title: 'A policy gave no answer', remediation: ASK_OPERATOR, retry: 'never' },
  malformed: { title: 'A policy gave an answer that cannot be read', remediation: ASK_OPERATOR, retry: 'never' },
  missing: { title: 'A policy that must be asked is not there', remediation: ASK_OPERATOR, retry: 'after' },
  counter: {
    title: 'What may be done in this time is used up',
    remediation: 'Wait until {until}; then it can be done again.',
    retry: 'after',
  },
  spent: {
    title: 'What may be done is used up, and does not begin anew by itself',
    remediation: 'Tell the user; whoever runs the gateway can raise the limit.',
    retry: 'never',
  },
  audit_unavailable: {
    title: 'The decision could not be recorded, and what cannot be recorded is not done',
    remediation: ASK_OPERATOR,
    retry: 'after',
  },
  state_unavailable: {
    title: 'What was done before cannot be read, and without it nothing is decided',
    remediation: ASK_OPERATOR,
    retry: 'after',
  },
  too_many_labels: {
    title: 'The conversation has as many labels on its data as it may, and this call would add another',
    remediation: 'Go on in a new conversation, or ask the user to have labels cleared.',
    retry: 'after',
  },
  tool_quarantined: {
    title: 'The tool has changed since somebody accepted it',
    remediation: 'Tell the user that the change has to be looked at first.',
    retry: 'after_approval',
  },
  out_of_scope: {
    title: 'This is outside what this agent may reach',
    remediation: 'Tell the user; nothing that you change in the request will help.',
    retry: 'never',
  },
  sign_in_required: {
    title: 'The server wants its user to sign in',
    remediation: 'Ask the user to sign in to {server} (in a terminal: mcp-gateway server login {server}).',
    retry: 'after',
  },
  result_redacted: {
    title: 'Policy takes the whole of the result out',
    remediation: 'Tell the user that the call ran and that nothing of its result may be shown.',
    retry: 'never',
  },
  approval_denied: {
    title: 'A person refused this call',
    remediation: 'Do not ask for it again; tell the user that it was refused.',
    retry: 'never',
  },
  approval_expired: {
    title: 'Nobody approved this call in time',
    remediation: 'Ask the user whether to try once more.',
    retry: 'after_approval',
  },
  obligation_unknown: {
    title: 'A policy demands something that this gateway cannot carry out',
    remediation: ASK_OPERATOR,
    retry: 'never',
  },
  method_not_allowed: {
    title: 'This method is not allowed here',
    remediation: 'Use what is listed.',
    retry: 'never',
  },
};

const UNKNOWN: OwnReason = { title: 'The gateway refused this', remediation: ASK_OPERATOR, retry: 'never' };

/** `reason` is a code that starts with `gateway.`; of `gateway.no_grant.server` the second part counts. */
export function ownReason(reason: string, params: Readonly<Record<string, string | number>> = {}): OwnReason {
  const [, named = ''] = reason.split('.');
  const kind = named === 'counter' && params['until'] === undefined ? 'spent' : named;
  return Object.hasOwn(OWN_REASONS, kind) ? (OWN_REASONS[kind] ?? UNKNOWN) : UNKNOWN;
}
