/** What one command prints with `--json`. */
export interface JsonOutput {
  /** The command, as it is typed. */
  readonly command: string;
  /** What it holds beside `schema` and `ok`, by member. */
  readonly members: Readonly<Record<string, string>>;
}

/** What commands about the gateway at work print, by the name in `schema`: `mcp-gateway/<name>/v1`. Names and members are stable. */
export const JSON_OUTPUTS: Readonly<Record<string, JsonOutput>> = {
  'agent-ls': {
    command: 'agent ls',
    members: { agents: 'the agents, with the servers that each reaches and how many tools' },
  },
  'agent-show': {
    command: 'agent show',
    members: { agent: 'its profile, on whose behalf it asks, and each server with its tools' },
  },
  'approval-approve': { command: 'approval approve', members: { approvals: 'as they stand now' } },
  'approval-deny': { command: 'approval deny', members: { approvals: 'as they stand now' } },
  'approval-ls': {
    command: 'approval ls',
    members: { approvals: 'newest first', answering: 'who answered how many within the hour, and how fast' },
  },
  'approval-show': {
    command: 'approval show',
    members: { approvals: 'with the outcome of the call', answering: 'as in approval-ls' },
  },
  'budget-adjust': {
    command: 'budget adjust',
    members: { counter: 'its full name', key: 'its key', before: 'what was used', after: 'what is used' },
  },
  'budget-ls': {
    command: 'budget ls',
    members: { budgets: 'counts with limit, used, reserved, remaining, ratio and when they begin anew' },
  },
  'budget-show': { command: 'budget show', members: { budgets: 'as in budget-ls' } },
  'client-backups': {
    command: 'client backups',
    members: { backups: 'files of clients as they were before they were changed' },
  },
  'client-ls': {
    command: 'client ls',
    members: { clients: 'each with its file, whether it reaches the gateway, and what it starts past it' },
  },
  'client-restore': { command: 'client restore', members: { clients: 'what became of the file' } },
  connect: {
    command: 'connect',
    members: {
      clients: 'what became of each',
      snippets: 'with --print: what to paste into which file',
      managed: 'with --managed: the files that were written',
    },
  },
  'dashboard-open': {
    command: 'dashboard open',
    members: {
      url: 'the link, which signs in once',
      rights:
        '`all`, `approve` where it was made with an approver’s key, or `read` where it was not made at a terminal',
    },
  },
  'decision-acts': {
    command: 'decision ls --acts',
    members: { acts: 'what is recorded and is no decision, newest first' },
  },
  'decision-explain': {
    command: 'explain',
    members: { id: 'of the decision', effect: 'allow, deny or pending', sentence: 'in one sentence' },
  },
  'decision-export': {
    command: 'decision export',
    members: {
      out: 'the file',
      format: 'jsonl, csv or opa',
      count: 'rows written',
      changed: 'rows left out because they were changed',
    },
  },
  'decision-ls': { command: 'decision ls', members: { decisions: 'records, newest first' } },
  'decision-rotate-key': {
    command: 'decision rotate-key',
    members: {
      from: 'id of the old key',
      to: 'id of the new key',
      prepared: 'with `--prepare` instead: id of the key that is used the next time',
      file: 'and what other hosts need',
    },
  },
  'decision-show': { command: 'decision show', members: { decision: 'the record' } },
  'decision-stats': {
    command: 'decision stats',
    members: {
      total: 'decisions',
      effects: 'each with its count',
      reasons: 'most frequent first',
      servers: 'most frequent first',
      tools: 'most frequent first',
      outcomes: 'most frequent first',
      decideUs: 'percentiles in microseconds',
      recordUs: 'percentiles in microseconds',
    },
  },
  'decision-verify': { command: 'decision verify', members: { verdict: 'what the chain says' } },
  disconnect: { command: 'disconnect', members: { clients: 'what became of each' } },
  doctor: {
    command: 'doctor',
    members: {
      counts: 'ok, warn, fail and skip',
      findings: 'each with id, state, words and mend',
      fixed: 'what --fix did',
    },
  },
  init: {
    command: 'init',
    members: {
      path: 'of the configuration',
      isNew: 'whether there was none',
      diff: 'what changes',
      clients: 'that were found',
      servers: 'that were found',
      secrets: 'that move, without their values',
      needed: 'what a person has to fill in',
      twins: 'servers of one name',
      known: 'servers that were there',
      refused: 'what cannot be taken over',
      isWritten: 'whether it was',
      accepted: 'what was accepted of each server',
      failed:
        'what was to be done and was not, each with what (server or client), id, problem and mend; ok is false where there is one',
      next: 'the commands to go on with',
    },
  },
  'key-create': { command: 'key create', members: { id: 'of the key', key: 'the key, shown this once' } },
  'key-ls': { command: 'key ls', members: { keys: 'without the keys themselves' } },
  'key-revoke': { command: 'key revoke', members: { id: 'of the key' } },
  'label-clear': {
    command: 'label clear',
    members: { act: 'id of the record', conversation: 'its id', label: 'its name' },
  },
  'label-ls': { command: 'label ls', members: { labels: 'those that hold, with their sources' } },
  pause: {
    command: 'pause',
    members: {
      act: 'id of the record; empty where nothing was changed',
      pause: 'since, until, actor and reason; null where there is none',
    },
  },
  'secret-check': {
    command: 'secret check',
    members: {
      path: 'of the configuration',
      references: 'each with its state',
      plain: 'what stands in the open',
      moved: 'what --fix has moved',
    },
  },
  'secret-ls': { command: 'secret ls', members: { secrets: 'names, where they are kept, and who uses them' } },
  'secret-rm': { command: 'secret rm', members: { name: 'of the secret', uses: 'what still asks for it' } },
  'secret-set': {
    command: 'secret set',
    members: { name: 'of the secret', place: 'keychain or file', isNew: 'whether there was none' },
  },
  'server-add': {
    command: 'server add',
    members: {
      server: 'its id',
      unit: 'what it is',
      groups: 'tools by what they do',
      tools: 'that were accepted',
      act: 'id of the record',
    },
  },
  'server-approve': {
    command: 'server approve',
    members: { server: 'its id', approved: 'what was accepted', unit: 'what it is', act: 'id of the record' },
  },
  'server-inspect': {
    command: 'server inspect',
    members: {
      server: 'its id',
      accepted: 'whether somebody has accepted it',
      unit: 'its package, command and bundle',
      bundle: 'that governs it',
      groups: 'tools by what they do',
      tools: 'with definition, effect and pin',
      drift: 'what is other than was accepted',
    },
  },
  'server-login': { command: 'server login', members: { server: 'its id', signIn: 'signed_in' } },
  'server-logout': {
    command: 'server logout',
    members: {
      server: 'its id',
      wasSignedIn: 'whether there was anything to remove',
      isRevoked: 'whether the server was told',
    },
  },
  'server-logs': { command: 'server logs', members: { server: 'its id', lines: 'oldest first' } },
  'server-ls': {
    command: 'server ls',
    members: { servers: 'with transport, sign-in, last call, package, bundle and pins' },
  },
  'server-rm': {
    command: 'server rm',
    members: { server: 'its id', file: 'that was changed', act: 'id of the record' },
  },
  'server-rollback': {
    command: 'server rollback',
    members: {
      server: 'its id',
      unit: 'what is other',
      tools: 'what is other',
      rules: 'what is other',
      act: 'id of the record',
    },
  },
  'server-test': {
    command: 'server test',
    members: {
      server: 'its id',
      unit: 'what it is',
      problem: 'of its bundle; empty where it is good',
      tools: 'what policy says of each',
    },
  },
  'server-update': {
    command: 'server update',
    members: {
      server: 'its id',
      unit: 'what is other',
      tools: 'what is other',
      rules: 'what is other',
      impact: 'what recorded calls would have become; null where none was tried',
      act: 'id of the record; empty where nothing was newer',
    },
  },
  status: {
    command: 'status',
    members: {
      time: 'RFC 3339',
      gateways: 'processes on this store, with the generation that each decides by and where it is reached',
      generation: 'put in force last, since when, with what is relaxed or rolled back',
      deciding: 'the same of each that running gateways decide by, with their ids; one where all decide alike',
      pause: 'null where there is none',
      bundles: 'whose newest state does not decide',
      overrides: 'permits in force',
      approvals: 'that wait',
      servers: 'with their last call',
      last_hour: 'decisions by effect',
      checkpoint: 'when the log was last signed',
      unknown: 'what could not be found out',
    },
  },
  'tool-call': {
    command: 'tool call',
    members: {
      tool: 'as it was named',
      effect: 'allow, deny or pending',
      decision: 'id of the record',
      reasons: 'codes',
      result: 'what the agent would get; null where it is an error of the protocol',
      error: 'null where there is a result',
      is_error: 'whether the agent is told of a failure',
    },
  },
  'tool-ls': {
    command: 'tool ls',
    members: {
      tools: 'with server, effect, consent, tokens and whether they are listed',
      tokens: 'of all together',
      unlisted: 'servers that no gateway has listed',
    },
  },
  'tool-show': { command: 'tool show', members: { tool: 'with its definition and pins', rules: 'that speak of it' } },
  version: { command: 'version', members: { version: 'of the program', node: 'that runs it' } },
};
