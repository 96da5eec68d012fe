import type { BundleFacts } from './bundle-facts.ts';
import type { BundleWords, RuleWords } from './bundle-words.ts';

/** A page before it is Markdown or HTML. Texts may have `code` in them and nothing else that is marked. */
export type Block =
  | { readonly kind: 'title' | 'heading' | 'text' | 'note'; readonly text: string }
  | {
      readonly kind: 'rule';
      readonly id: string;
      readonly title: string;
      readonly tone: string;
      readonly lines: readonly Line[];
      readonly text: string;
    }
  | { readonly kind: 'table'; readonly header: readonly string[]; readonly rows: readonly (readonly string[])[] };

export interface Line {
  readonly label: string;
  readonly text: string;
}

/** The page about a bundle. */
export function bundlePage({ facts, title, description, governs, groups }: BundleWords): readonly Block[] {
  return [
    { kind: 'title', text: title },
    ...(description === '' ? [] : [{ kind: 'text', text: description } as const]),
    { kind: 'text', text: governs },
    ...groups.flatMap(({ title: heading, rules }): readonly Block[] => [
      { kind: 'heading', text: heading },
      ...rules.map((words) => ruleBlock(words, facts)),
    ]),
    ...tables(facts),
    {
      kind: 'note',
      text: `Revision ${facts.revision === '' ? 'without a name' : facts.revision}, digest ${facts.digest}.`,
    },
  ];
}

function ruleBlock({ rule, does, tools, looksAt }: RuleWords, { layer }: BundleFacts): Block {
  const lines = [
    ['What comes of it', does],
    ['When', whenOf(tools, looksAt)],
    ['What to do instead', rule.remediation],
    ['Other tools', rule.alternatives.map((tool) => `\`${tool}\``).join(', ')],
    ['Trying again', rule.ruleSets.includes('deny') ? (RETRIES[rule.retry] ?? '') : ''],
    ['Can be lifted', rule.ruleSets.includes('deny') ? liftableOf(rule.liftable, layer) : ''],
    ['Control', rule.control],
    ['Whom to ask', rule.owner],
    ['Written at', `\`${rule.file}:${rule.row}\``],
  ] as const;
  const shown = lines.filter(([, text]) => text !== '').map(([label, text]) => ({ label, text }));
  return {
    kind: 'rule',
    id: rule.id,
    title: rule.title,
    tone: rule.ruleSets[0] ?? '',
    lines: shown,
    text: rule.description,
  };
}

const RETRIES: Readonly<Record<string, string>> = {
  after: 'helps later',
  with_changes: 'helps with other arguments',
  after_approval: 'helps after an approval',
  never: 'does not help',
};

function liftableOf(isLiftable: boolean, layer: string): string {
  if (isLiftable) return 'yes, by a permit of two people, for a while';
  return layer === 'compliance' ? 'no: compliance' : 'no';
}

function whenOf(tools: readonly string[], looksAt: readonly string[]): string {
  const named = tools.length === 0 ? '' : `a call of ${tools.map((tool) => `\`${tool}\``).join(', ')}`;
  const more = looksAt.length === 0 ? '' : `it depends on ${looksAt.join(', ')}`;
  return [named, more].filter((part) => part !== '').join('; ') || 'always';
}

function tables({ counters, settings, tools }: BundleFacts): readonly Block[] {
  const toolRows = tools.map(({ name, effect, dataClasses }) => [`\`${name}\``, effect, dataClasses.join(', ')]);
  const counterRows = counters.map(({ name, unit, limit, window, key, isShared }) => [
    `\`${name}\``,
    `${limit} ${unit}`,
    window,
    key.join(', '),
    isShared ? 'yes' : 'no',
  ]);
  const settingRows = settings.map(({ name, type, value, description }) => [
    `\`${name}\``,
    type,
    value === '' ? '' : `\`${value}\``,
    description,
  ]);
  return [
    ...table('What is counted', ['counter', 'limit', 'over', 'for each', 'seen by other bundles'], counterRows),
    ...table('What can be set', ['setting', 'type', 'as it ships', 'what it says'], settingRows),
    ...table('What the tools do', ['tool', 'effect', 'classes of data'], toolRows),
  ];
}

function table(title: string, header: readonly string[], rows: readonly (readonly string[])[]): readonly Block[] {
  return rows.length === 0
    ? []
    : [
        { kind: 'heading', text: title },
        { kind: 'table', header, rows },
      ];
}
