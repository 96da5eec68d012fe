import { OWN_REASONS } from '../../src/gateway/own-reasons.ts';

/** What the person who runs the gateway does about a reason, and what stands behind its code. */
interface Mend {
  /** The code as it is written, where more than the name stands in it. */
  readonly code?: string;
  readonly cause: string;
  readonly mend: string;
}

const BROKEN =
  'See which bundle it is with `mcp-gateway policy ls`, and what is wrong with `mcp-gateway bundle check DIR`.';
const SEE_RULE = '`mcp-gateway explain ID` names the rule.';

const MENDS: Readonly<Record<string, Mend>> = {
  unknown_tool: {
    cause:
      'The tool does not exist, its server is not connected, or this agent may not see it: by its `tools` or `servers`, by a capability, by `tools.exclude` or by a `hide` rule. The agent is told the same of all of them; the record has the true reason in `reason_internal`.',
    mend: '`mcp-gateway explain ID`. It says which of them it was.',
  },
  unknown_prompt: { cause: 'As `gateway.unknown_tool`, of a prompt.', mend: '`mcp-gateway explain ID`.' },
  unknown_resource: { cause: 'As `gateway.unknown_tool`, of a resource.', mend: '`mcp-gateway explain ID`.' },
  invalid_arguments: {
    cause: 'The arguments break the input schema of the tool, or name one that the schema does not have.',
    mend: 'Nothing, most often: the agent reads which argument it was. For a server whose schema is wrong: `unknownArguments: allow`.',
  },
  unpolicied_server: {
    cause: 'The server has no bundle, and no starter bundle stands in for it.',
    mend: 'Give it a bundle with `policy.source`, or let `policies.starter` be true.',
  },
  no_grant: {
    code: 'no_grant.server`, `gateway.no_grant.resource',
    cause: 'No rule of that layer allows the request. Nothing that is not allowed is done.',
    mend: 'Add an `allow` rule. `mcp-gateway explain ID` says under “else” what would have allowed it.',
  },
  error: {
    code: 'error.<layer>',
    cause:
      'A bundle of that layer failed while it was asked. `gateway.error.result` is that of a result which could not be redacted.',
    mend: 'The record says what failed (`mcp-gateway explain ID`). Mend the bundle, or go back with `mcp-gateway policy rollback`.',
  },
  timeout: {
    code: 'timeout.<layer>',
    cause: 'A bundle of that layer used more than its share of fuel.',
    mend: `${BROKEN} \`policies.evaluationFuel\` raises the limit.`,
  },
  undefined: { code: 'undefined.<layer>', cause: 'A bundle of that layer gave no answer.', mend: BROKEN },
  malformed: {
    code: 'malformed.<layer>',
    cause:
      'A bundle of that layer said something that the contract does not have, such as an unknown field or a cost below zero.',
    mend: BROKEN,
  },
  missing: {
    code: 'missing.<layer>',
    cause: 'A configured bundle of that layer has never been good, or the layer is required and has none.',
    mend: '`mcp-gateway policy ls` says which and why. `mcp-gateway policy pull` fetches it again.',
  },
  counter: {
    code: 'counter.<bundle>/<name>',
    cause: 'A budget or rate limit is used up; it begins anew at `resets_at`.',
    mend: 'Wait, or `mcp-gateway budget adjust`.',
  },
  spent: {
    code: 'counter.<bundle>/<name>',
    cause: 'A budget is used up that never begins anew by itself.',
    mend: '`mcp-gateway budget adjust`.',
  },
  audit_unavailable: {
    cause: 'The decision could not be committed to the log: the disk is full, read-only or locked.',
    mend: 'See the log of the gateway and `/readyz`. Make room, or free the file; calls go on by themselves.',
  },
  state_unavailable: {
    cause: 'Budgets, approvals or labels could not be read from the store.',
    mend: 'As `gateway.audit_unavailable`.',
  },
  too_many_labels: {
    cause: 'The conversation has as many labels as the store keeps for one.',
    mend: '`mcp-gateway label ls`, then `mcp-gateway label clear`; or a rule labels with values that it should not.',
  },
  tool_quarantined: {
    cause: 'The tool is another one than was accepted: its schemas, hints or name differ from `mcp-gateway.lock`.',
    mend: '`mcp-gateway server inspect SERVER` shows the difference, `mcp-gateway server approve SERVER` accepts it.',
  },
  out_of_scope: {
    cause:
      'The agent’s configuration or capabilities do not reach that far, and it is no tool whose existence is kept secret.',
    mend: '`mcp-gateway agent show AGENT`.',
  },
  sign_in_required: {
    cause: 'The server wants a signed-in user, and nobody has signed in or the sign-in is over.',
    mend: '`mcp-gateway server login SERVER`.',
  },
  result_redacted: {
    cause: 'A rule takes out everything that the result has. The call ran.',
    mend: `${SEE_RULE} Its \`pointers\` may be wider than was meant.`,
  },
  approval_denied: {
    cause: 'A person refused the call. It stays refused until the time of the approval is over.',
    mend: '`mcp-gateway approval show ID` says who and why.',
  },
  approval_expired: {
    cause: 'Nobody answered in time.',
    mend: '`mcp-gateway approval ls` shows what waits now. `ttl_s` of the rule says how long.',
  },
  obligation_unknown: {
    code: 'obligation_unknown.<type>',
    cause: 'A rule demands something that this version does not know.',
    mend: `${SEE_RULE} Correct its \`type\`, mark it as \`advice\`, or upgrade the gateway.`,
  },
  method_not_allowed: {
    cause: 'The method is unknown, or off for this server (what servers ask of clients is, until `allow` lets them).',
    mend: 'Let it through with `gateway.methods.allow` or `mcpServers.<id>.allow`, if it is meant.',
  },
};

const LIFTABLE = ['unpolicied_server', 'no_grant'];

const HEAD = `# Reasons of the gateway itself

<!-- Generated from src/gateway/own-reasons.ts. Do not edit. -->

A denial names its reasons by code. What starts with \`gateway.\` is the gateway's own; every other code is that of a rule, and
\`mcp-gateway explain ID\` shows the rule, its words and who owns it. A bundle cannot say a code that starts with \`gateway.\`.

_Again?_ is \`metadata.retry\` in [what the agent gets](decision.md): whether the same call may succeed later. An
[exception](../overrides.md) lifts only those that say so.

| Code | What the agent reads | What is behind it | What you can do | Again? | Exception |
|---|---|---|---|---|---|`;

/** docs/reference/reasons.md, whole. */
export function reasonsPage(): string {
  const rows = Object.entries(OWN_REASONS).map(([name, { title, remediation, retry }]) => {
    const { code = name, cause, mend } = MENDS[name] ?? { cause: '', mend: '' };
    const lifts = LIFTABLE.includes(name) ? 'yes' : 'no';
    return `| \`gateway.${code}\` | ${title}. ${remediation} | ${cause} | ${mend} | \`${retry}\` | ${lifts} |`;
  });
  return `${[HEAD, ...rows].join('\n')}\n`;
}

/** Reasons that the gateway has and this page does not explain. */
export function unexplainedReasons(): readonly string[] {
  return Object.keys(OWN_REASONS).filter((name) => MENDS[name] === undefined);
}
