import type { Scaffold, ToolGroup } from './scaffold.ts';

/** What a group of tools is called in the policy, and what is said of it. */
export const GROUPS = {
  read: { set: 'reads', title: 'Tools that only look may be used', about: 'Tools that change nothing.' },
  write: {
    set: 'writes',
    title: 'Tools that change something may be used',
    about: 'Tools that change something, and destroy nothing.',
  },
  destroy: {
    set: 'destroys',
    title: 'Tools that may destroy something may be used',
    about: 'Tools that may delete or overwrite something.',
  },
  unknown: {
    set: 'undeclared',
    title: 'Tools that say nothing of what they do may be used',
    about: 'Tools of which the server does not say whether they change anything: they count as the worst.',
  },
} as const;

/** Number of the rule that allows a group, below the prefix. */
export const ALLOWS = { read: 101, write: 102, destroy: 103, unknown: 104 } as const;

/** `policy.rego` of a first bundle: one rule for each group of tools. */
export function scaffoldPolicy(scaffold: Scaffold): string {
  const { facts, root, groups } = scaffold;
  const effects = groups.map(({ effect }) => effect);
  const risky = groups.filter(({ effect }) => effect === 'destroy' || effect === 'unknown');
  const parts = [
    [
      '# METADATA',
      `# title: The policy of ${facts.server}`,
      '# description: |',
      '#   What agents may do with the tools of the server, by what the tools do. A tool that stands in none of the sets is',
      '#   not allowed; `.manifest` says the same effects to the gateway.',
      `package ${root}`,
    ].join('\n'),
    `import data.${root}.config`,
    ...groups.map(setOf),
    ...(risky.length > 0 ? [riskyOf(risky)] : []),
    ...groups.map((group) => allowOf(scaffold, group)),
    switchedOff(scaffold),
    ...(effects.includes('write') ? [denyWrites(scaffold)] : []),
    ...(risky.length > 0 ? [denyRisky(scaffold)] : []),
    ...(effects.includes('write') ? [askWrites(scaffold)] : []),
    ...(risky.length > 0 ? [askRisky(scaffold)] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

function setOf({ effect, tools }: ToolGroup): string {
  const { set, about } = GROUPS[effect];
  return [`# ${about}`, `${set} := {`, ...tools.map(({ name }) => `\t${JSON.stringify(name)},`), '}'].join('\n');
}

/** What is not known counts as what destroys. */
function riskyOf(groups: readonly ToolGroup[]): string {
  return `risky := ${groups.map(({ effect }) => GROUPS[effect].set).join(' | ')}`;
}

function allowOf({ prefix, facts }: Scaffold, { effect }: ToolGroup): string {
  const id = `${prefix}-${ALLOWS[effect]}`;
  const { set, title, about } = GROUPS[effect];
  return [
    ...metadata({ title, description: about, id, owner: facts.owner }),
    `allow contains {"id": "${id}", "reason": "${set}"} if input.action.tool in ${set}`,
  ].join('\n');
}

function switchedOff({ prefix, facts }: Scaffold): string {
  const id = `${prefix}-201`;
  const params = '"params": {"tool": input.action.tool}';
  return [
    ...metadata({
      title: 'Tools that are switched off are not used',
      description: 'The setting `switched_off` names them.',
      id,
      owner: facts.owner,
      remediation: 'Do it without {tool}, or ask whoever runs the gateway to switch it on.',
    }),
    `deny contains {"id": "${id}", "reason": "tool_switched_off", ${params}} if input.action.tool in config.switched_off`,
  ].join('\n');
}

function denyWrites({ prefix, facts }: Scaffold): string {
  const id = `${prefix}-202`;
  return [
    ...metadata({
      title: 'Nothing is changed where the settings say so',
      description: 'The setting `writes` is `deny`.',
      id,
      owner: facts.owner,
      remediation: 'Use a tool that only looks, and tell the user what you would have changed.',
    }),
    `deny contains {"id": "${id}", "reason": "writing_is_off"} if {\n\tconfig.writes == "deny"\n\tinput.action.tool in writes\n}`,
  ].join('\n');
}

function denyRisky({ prefix, facts }: Scaffold): string {
  const id = `${prefix}-203`;
  return [
    ...metadata({
      title: 'Nothing is destroyed where the settings say so',
      description: 'The setting `destroys` is `deny`.',
      id,
      owner: facts.owner,
      remediation: 'Leave it as it is, and tell the user what you would have done.',
    }),
    `deny contains {"id": "${id}", "reason": "destroying_is_off"} if {\n\tconfig.destroys == "deny"\n\tinput.action.tool in risky\n}`,
  ].join('\n');
}

function askWrites({ prefix, facts }: Scaffold): string {
  const id = `${prefix}-301`;
  const element = `{"id": "${id}", "type": "require_approval", "by": "user", "remember": "session"}`;
  return [
    ...metadata({
      title: 'The user confirms the first change of a session',
      description: 'The setting `writes` is `ask`.',
      id,
      owner: facts.owner,
    }),
    `obligations contains ${element} if {\n\tconfig.writes == "ask"\n\tinput.action.tool in writes\n}`,
  ].join('\n');
}

function askRisky({ prefix, facts }: Scaffold): string {
  const id = `${prefix}-302`;
  const element = `{"id": "${id}", "type": "require_approval", "by": "user"}`;
  return [
    ...metadata({
      title: 'The user confirms every call that may destroy something',
      description: 'The setting `destroys` is `ask`.',
      id,
      owner: facts.owner,
    }),
    `obligations contains ${element} if {\n\tconfig.destroys == "ask"\n\tinput.action.tool in risky\n}`,
  ].join('\n');
}

interface Metadata {
  readonly title: string;
  readonly description: string;
  readonly id: string;
  readonly owner: string;
  readonly remediation?: string;
}

function metadata({ title, description, id, owner, remediation }: Metadata): readonly string[] {
  return [
    '# METADATA',
    `# title: ${text(title)}`,
    `# description: ${text(description)}`,
    '# custom:',
    `#   id: ${id}`,
    `#   owner: ${text(owner)}`,
    ...(remediation === undefined ? [] : [`#   remediation: ${text(remediation)}`]),
  ];
}

/** One that YAML could take for something else than a text, or that does not end with its line, is quoted. */
function text(value: string): string {
  return /^[A-Za-z][^:#{}[\]\p{Cc}\p{Zl}\p{Zp}]*$/u.test(value) && /\S \S/.test(value) ? value : JSON.stringify(value);
}
