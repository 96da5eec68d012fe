import { readFileSync } from 'node:fs';

const SOURCE = readFileSync('src/core/record.ts', 'utf8');
/** A record of the demo: the commit to a protected branch. */
const EXAMPLE = readFileSync('fixtures/records/denied-commit.json', 'utf8');

/** What each member says, for those who read records; by the interface of `core/record.ts` that it belongs to. */
export const MEMBERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  DecisionRecord: {
    id: 'UUID version 7. Also the id of an approval that the decision asked for.',
    time: 'When it was decided, RFC 3339 in UTC with milliseconds.',
    generation:
      'Hash of everything that decided: each bundle’s source and data, the library, the toolchain, the built-ins.',
    principal:
      'For whom: the `agent` with its scope, team, model, client and those it works for, and the `user` with groups and data classes.',
    client: 'What the client said of itself: `name`, `version`, and the revision of MCP.',
    session: 'The conversation, as a hash. It is what labels and counts belong to.',
    call: 'Id of the record of the request that this belongs to (its result, a question of its server, its task); else empty.',
    server: 'Id of the server in the configuration.',
    tool: 'Name of the tool as the server has it; empty where the action has none.',
    action:
      '`tool_call`, `tool_result`, `resource_read`, `prompt_get`, `completion`, `subscribe`, `sampling`, `elicitation`, `roots`, a list, or `method`.',
    effect: '`allow`, `deny` or `pending`.',
    reasons: 'Codes of the denials that are left, in a fixed order; empty unless the effect is `deny`.',
    reason_internal: 'The true reason where the agent was told a vaguer one; else empty.',
    remediation: 'Code of what would help; empty where nothing does.',
    matched_rules: 'Full names `<bundle>/<rule>` of the rules that decided.',
    layers:
      'What each bundle that was asked said: layer, bundle, digest, mode, status, and its `allow`, `deny`, `hide`, `obligations`, `permit`, `labels`, `capabilities`, with the time and the fuel it took.',
    combine: 'What is needed beside the opinions to combine them again; see below.',
    lifted: 'Denials that an exception took away, each with the permit that did it.',
    obligations: 'What the gateway had to carry out, joined over all bundles.',
    budgets: 'Where the counters stood when policy read them.',
    input: 'What the rules read, masked; `{}` where no policy was asked.',
    input_hash: 'SHA-256 of the input before it was masked; empty where no policy was asked.',
    dropped: 'JSON pointers of parameters that no policy saw and that were not passed on.',
    replayable: '`fully`, `partly` with the masked pointers that some rule reads, or `not` with the reason.',
    shadow: 'What would have been decided with the shadowed rules; null where nothing is shadowed.',
    trace_id: 'W3C trace id of the request; empty where it had none.',
    latency_us: '`decide`: microseconds from the parsed request to the decision.',
    audit_hash: 'Hash of the audit material of the input; only where a rule asked for it to be kept.',
  },
  CombineFacts: {
    version: 'Version of the way of combining.',
    required: 'Layers whose absence denies.',
    carries: 'Obligations that this version of the gateway can carry out.',
    modes: 'Modes other than `enforce` from the configuration, by bundle or rule.',
    own: 'Denials of the gateway itself, found before any layer was asked.',
    bypass: '`pause` or `shadow` while everything but integrity is let through; else empty.',
    now: 'The one time of the decision, in milliseconds since 1970.',
    approvals: 'How each approval stood that a rule asked for, and who had given it.',
    reservations: 'Which counters and limits were charged, and which had no room.',
    delegators: 'On whose behalf the agent asked; absent where on nobody’s.',
  },
  Seal: {
    seq: 'Number in the store; rises without gaps within a chain.',
    chain: 'Which chain of hashes the record belongs to.',
    instance: 'Which process of the gateway wrote it.',
    hash: 'HMAC-SHA-256 over the hash before it and this record.',
  },
  Outcome: {
    id: 'Id of the decision.',
    status: '`not_forwarded`, `ok`, `tool_error`, `protocol_error`, `cancelled`, `timeout` or `unknown`.',
    withheld: 'The result came, but the agent did not get it.',
    ms: 'Milliseconds from forwarding to the end.',
    record_us: 'Microseconds that the commit of the decision took.',
    settled: 'How what was reserved ended: what it really cost, or that it was given back.',
    audit_hash: 'Hash of the audit material of the result; only where a rule asked for it to be kept.',
  },
};

const TITLES: Readonly<Record<string, string>> = {
  DecisionRecord: '## The decision',
  CombineFacts: '## `combine`',
  Seal: '## The seal\n\nThe log adds it when it commits the record.',
  Outcome:
    '## `outcome`\n\nWhat happened afterwards: a second row of the log, with a `seq` and a `hash` of its own. It is null until the call has ended.',
};

const HEAD = `# The record of a decision

<!-- Generated from src/core/record.ts. Do not edit. -->

This is what \`mcp-gateway decision show ID --json\` and \`mcp-gateway decision export\` write. Every member is always there,
unless its line says otherwise. The record suffices to make the decision again: from \`layers\` and \`combine\` follow \`effect\`,
\`reasons\` and all the rest. For what it means in words: \`mcp-gateway decision explain ID\`.`;

/** The members of the interfaces, as the source has them. */
export function recordMembers(): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(Object.keys(MEMBERS).map((name) => [name, membersOf(name)]));
}

function membersOf(name: string): readonly string[] {
  const body = new RegExp(`interface ${name} \\{\n([\\s\\S]*?)\n\\}`).exec(SOURCE)?.[1] ?? '';
  return [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, member = '']) => member);
}

/** The members of the record on the page. */
export function exampleMembers(): readonly string[] {
  return Object.keys(JSON.parse(EXAMPLE) as object);
}

/** docs/reference/record.md, whole. */
export function recordPage(): string {
  const parts = Object.entries(MEMBERS).map(([name, members]) => {
    const rows = Object.entries(members).map(([member, meaning]) => `| \`${member}\` | ${meaning} |`);
    return [TITLES[name], '', '| Member | What it says |', '|---|---|', ...rows].join('\n');
  });
  const example = `## One record\n\nFrom \`npm run demo\`: an agent wanted to commit to the branch \`main\`, and the bundle of the server forbids that.\n\n\`\`\`json\n${EXAMPLE}\`\`\``;
  return `${[HEAD, ...parts, example].join('\n\n')}\n`;
}
