import { archiveOf, entriesOf } from '../policy/archives.ts';

type Files = Readonly<Record<string, string>>;

interface PublishedRule {
  readonly id: string;
  readonly title: string;
  /** The rest of the rule, from its name on. */
  readonly rego: string;
}

interface Published {
  readonly root: string;
  readonly layer: string;
  readonly rules: readonly PublishedRule[];
  /** What its rules read. */
  readonly data?: object;
}

function bundle({ root, layer, rules, data }: Published): Files {
  const texts = rules.map(({ id, title, rego }) => `# METADATA\n# title: ${title}\n# custom: {id: ${id}}\n${rego}\n`);
  return {
    '.manifest': JSON.stringify({ roots: [root], metadata: { gateway: { contract: 1, layer } } }),
    'policy.rego': [`package ${root}\n`, ...texts].join('\n'),
    ...(data === undefined ? {} : { 'data.json': JSON.stringify({ [root]: { config: data } }) }),
  };
}

const FRIDAY: PublishedRule = {
  id: 'HRS-1',
  title: 'Nothing is released on a Friday',
  rego: 'deny contains {"id": "HRS-1", "reason": "friday"} if {\n\tinput.action.tool in data.hours.config.tools\n\tinput.environment.weekday == "friday"\n}',
};
const SUNDAY: PublishedRule = {
  id: 'HRS-2',
  title: 'Nothing happens on a Sunday',
  rego: 'deny contains {"id": "HRS-2", "reason": "sunday"} if input.environment.weekday == "sunday"',
};

/** The bundles of docs/sources.md, and how the first of them grows. */
export const HOURS = bundle({ root: 'hours', layer: 'workflow', rules: [FRIDAY], data: { tools: ['release'] } });
export const MORE_HOURS = bundle({
  root: 'hours',
  layer: 'workflow',
  rules: [FRIDAY, SUNDAY],
  data: { tools: ['release'] },
});
export const TEAMS = bundle({
  root: 'teams',
  layer: 'resource',
  rules: [
    {
      id: 'TEAM-1',
      title: 'Who has a team may read',
      rego: 'allow contains {"id": "TEAM-1", "reason": "team"} if input.agent.owner_team != ""',
    },
  ],
});
export const EU_DATA = bundle({
  root: 'eu_data',
  layer: 'compliance',
  rules: [
    {
      id: 'EU-1',
      title: 'Data stays in the EU',
      rego: 'deny contains {"id": "EU-1", "reason": "outside_eu"} if input.server.region == "us"',
    },
  ],
});

/** Packed as a bundle service has it. */
export function packed(files: Files): Buffer {
  return archiveOf(entriesOf(files));
}
