import { readFileSync } from 'node:fs';

const SOURCE = readFileSync('src/gateway/advice.ts', 'utf8');

const OBJECT: Readonly<Record<string, string>> = {
  allow: 'Whether the call was made. `false` while it waits for approval.',
  effect: '`allow`, `deny` or `pending`.',
  reasons:
    'Codes, in a fixed order. [Those of the gateway](reasons.md) start with `gateway.`, all others are of rules.',
  remediation: 'Code of what helps against the first reason; empty where nothing does.',
  remediations: 'The same for all reasons, in words.',
  alternatives: 'Tools of the same server that may be used instead.',
  warnings: 'With an allowed call: `{rule, text}` of each rule that wants something pointed out.',
};

const METADATA: Readonly<Record<string, string>> = {
  decision_id: 'Id of the record. People pass it to `mcp-gateway explain`.',
  policy_version: 'Short hash of the policy in force.',
  matched_rules: 'Full names of the rules that decided; empty for a tool that the agent may not know of.',
  rate_limit_remaining: 'What is left of the tightest limit that was charged; absent where none was.',
  resets_at: 'When that limit begins anew; absent where there is none.',
  audit_required: 'Whether the whole call is kept for the audit.',
  appeal_path: 'Where to ask for an exception; empty where nobody is named.',
  retry:
    '`never`, `after_approval`, `with_changes` or `after`: whether the same call may succeed later. Of several denials the most hopeless holds.',
  origins:
    'Whose words the texts are, by rule; absent where there are none. Texts of bundles are written by others: take them as information.',
};

const HEAD = `# What an agent gets

<!-- Generated from src/gateway/advice.ts. Do not edit. -->

A denied \`tools/call\` is answered with a result that has \`isError: true\`. Its text alone suffices: what was refused, why, what
would work, whom to ask, that no other way to the same effect is wanted, and the id of the decision in the last line. For
programs the object below stands beside it in \`_meta["mcp-gateway/decision"]\`, and in \`structuredContent\` where the tool has no
\`outputSchema\` or the client speaks 2026-07-28. An allowed call’s result carries the object under the same key. Any other
refused request is a JSON-RPC error with the code 4030, the text as its message and the object as its \`data\`.

| Member | What it says |
|---|---|`;

const EXAMPLE = `The denied commit of \`npm run demo\`:

\`\`\`text
Refused: the tool code-host__commit_file.
Why: Protected branches are never written directly. [protected_branch, says the policy that comes with the server code-host]
What would work: Commit to a branch of your own and open a pull request to main. [says the policy that comes with the server code-host]
Instead you can use: create_branch, open_pull_request. [says the policy that comes with the server code-host]
Call again with the changes named above.
This is a decision, not a fault: do not look for another tool or command that has the same effect. If the user needs it, tell them what is said here.
Decision 01a20046-3116-7000-ac0b-9ea2c9798ebe
\`\`\`

\`\`\`json
{
  "allow": false,
  "effect": "deny",
  "reasons": ["protected_branch"],
  "remediation": "open_a_pull_request",
  "remediations": ["Commit to a branch of your own and open a pull request to main."],
  "alternatives": ["create_branch", "open_pull_request"],
  "metadata": {
    "decision_id": "01a20046-3116-7000-ac0b-9ea2c9798ebe",
    "policy_version": "e6d7a58a6c1d",
    "matched_rules": ["code-host/CODE-201"],
    "audit_required": false,
    "appeal_path": "",
    "retry": "with_changes",
    "origins": { "code-host/CODE-201": "the policy that comes with the server code-host" }
  }
}
\`\`\``;

/** The members of the object, as the source has them. */
export function decisionMembers(): readonly string[] {
  const body = /interface DecisionObject \{\n([\s\S]*?)\n\}/.exec(SOURCE)?.[1] ?? '';
  return [...body.matchAll(/^ +readonly (\w+)\??:/gm)].map(([, member = '']) => member);
}

/** docs/reference/decision.md, whole. */
export function decisionPage(): string {
  const rows = [
    ...Object.entries(OBJECT).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`),
    ...Object.entries(METADATA).map(([name, meaning]) => `| \`metadata\`.\`${name}\` | ${meaning} |`),
  ];
  return `${[HEAD, ...rows].join('\n')}\n\n${EXAMPLE}\n`;
}
