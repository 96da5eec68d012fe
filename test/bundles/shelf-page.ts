import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';
import { Manifest } from '../../src/policy/manifest.ts';

const INTRODUCTION = `# Bundles of the shelf

<!-- Generated from policy-bundles/servers/ by test/bundles/shelf.test.ts. Do not edit. -->

How a bundle gets from here to a server, and how to change what it says: [the shelf](../shelf.md). Where a setting is a list
of names or patterns, \`*\` stands for any text.
`;

const RULE_SETS = ['deny', 'obligations'] as const;

const Annotation = z.object({ title: z.string(), custom: z.object({ id: z.string() }) });
const Setting = z.object({ description: z.string() });
const Settings = z.object({ properties: z.record(z.string(), Setting).default({}) });
const Defaults = z.object({ config: z.record(z.string(), z.json()).default({}) });

/** The page \`docs/reference/shelf.md\`, whole. */
export function shelfPage(bundles: readonly (readonly [name: string, folder: string])[]): string {
  return [INTRODUCTION, ...bundles.map(([name, folder]) => sectionOf(name, folder))].join('\n');
}

function sectionOf(name: string, folder: string): string {
  const { roots, metadata } = Manifest.parse(JSON.parse(readFileSync(`${folder}/.manifest`, 'utf8')));
  const { server, config, tools } = metadata.gateway;
  const { package: of = '', registry = 'npm', versions = '*', images = [] } = server ?? {};
  const data = z.record(z.string(), Defaults).parse(JSON.parse(readFileSync(`${folder}/data.json`, 'utf8')));
  const also = images.map((image) => `, image \`${image}\``).join('');
  const rules = rulesOf(readFileSync(`${folder}/policy.rego`, 'utf8'));
  return [
    `## ${name}\n`,
    `${registry === 'npm' ? 'npm' : 'PyPI'} \`${of}\`${also}; versions \`${versions}\`; ${Object.keys(tools).length} tools.\n`,
    ...listed('Refuses, because:', rules.deny),
    ...listed('Asks its user, because:', rules.obligations),
    ...table(Settings.parse(config ?? {}).properties, data[roots[0]]?.config ?? {}),
  ].join('\n');
}

type Rules = Readonly<Record<(typeof RULE_SETS)[number], readonly string[]>>;

/** Titles by rule set, in the order of the file. */
function rulesOf(rego: string): Rules {
  const found = [...rego.matchAll(/^# METADATA\n((?:#.*\n)+)([a-z]+) contains (.*)/gm)].map(
    ([, comment = '', set, rule]) => {
      const { title, custom } = Annotation.parse(parse(comment.replaceAll(/^# ?/gm, '')));
      const remember = /"remember": "(\w+)"/.exec(rule ?? '')?.[1] ?? '';
      return { set, line: `- ${title} (\`${custom.id}\`${REMEMBERED[remember] ?? ''})` };
    },
  );
  const of = (set: string): readonly string[] => found.filter((one) => one.set === set).map(({ line }) => line);
  return { deny: of('deny'), obligations: of('obligations') };
}

const REMEMBERED: Readonly<Record<string, string>> = {
  never: ', each time',
  session: ', once in a conversation',
  pin: ', once for each tool',
};

function listed(head: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`${head}\n`, ...lines, ''];
}

function table(
  settings: Readonly<Record<string, { description: string }>>,
  defaults: Record<string, unknown>,
): string[] {
  const rows = Object.entries(settings).map(
    ([key, { description }]) => `| \`${key}\` | ${description} | ${codeOf(defaults[key])} |`,
  );
  return rows.length === 0 ? [] : ['| Setting | What it is for | Default |', '|---|---|---|', ...rows, ''];
}

function codeOf(value: unknown): string {
  const text = Array.isArray(value) ? value.map((one) => `\`${String(one)}\``).join(', ') : `\`${String(value)}\``;
  return text === '' ? 'none' : text;
}
