import type { Scaffold, ToolGroup } from './scaffold.ts';
import { ALLOWS, GROUPS } from './scaffold-policy.ts';

/** `policy_test.rego` of a first bundle: every rule comes true in one of its tests, and every tool is tried. */
export function scaffoldTests(scaffold: Scaffold): string {
  const { facts, root, groups } = scaffold;
  const hasWrites = groups.some(({ effect }) => effect === 'write');
  const hasRisky = groups.some(({ effect }) => effect === 'destroy' || effect === 'unknown');
  const parts = [
    `package ${root}_test`,
    `import data.${root}\nimport data.gateway.v1.inputs`,
    `use(tool, effect) := inputs.tool_call(${JSON.stringify(facts.server)}, tool, effect, {})`,
    'ids(elements) := {element.id | some element in elements}',
    ...groups.map((group) => groupTest(scaffold, group)),
    strangerTest(scaffold),
    switchedOffTest(scaffold),
    ...(hasWrites ? [choiceTest(scaffold, WRITES)] : []),
    ...(hasRisky ? [choiceTest(scaffold, RISKY)] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

const NAMES = {
  read: 'tools_that_only_look_are_allowed',
  write: 'tools_that_change_something_are_allowed_and_asked_about',
  destroy: 'tools_that_may_destroy_something_are_allowed_and_asked_about',
  unknown: 'tools_that_say_nothing_are_allowed_and_asked_about',
} as const;

function groupTest({ root, prefix, groups }: Scaffold, { effect }: ToolGroup): string {
  const asks = {
    read: 'set()',
    write: `{"${prefix}-301"}`,
    destroy: `{"${prefix}-302"}`,
    unknown: `{"${prefix}-302"}`,
  };
  // Where all tools only look there is no such rule set.
  const hasDuties = groups.some((group) => group.effect !== 'read');
  const input = `with input as use(tool, "${effect}")`;
  return [
    `test_${NAMES[effect]} if {`,
    `\tevery tool in ${root}.${GROUPS[effect].set} {`,
    `\t\tids(${root}.allow) == {"${prefix}-${ALLOWS[effect]}"} ${input}`,
    ...(hasDuties ? [`\t\tids(${root}.obligations) == ${asks[effect]} ${input}`] : []),
    `\t\t${root}.deny == set() ${input}`,
    '\t}',
    '}',
  ].join('\n');
}

function strangerTest({ root }: Scaffold): string {
  return [
    'test_a_tool_that_no_rule_names_is_not_allowed if {',
    `\t${root}.allow == set() with input as use("a tool that came later", "read")`,
    '}',
  ].join('\n');
}

function switchedOffTest({ root, prefix, groups }: Scaffold): string {
  const [group] = groups;
  const tool = JSON.stringify(group?.tools[0]?.name ?? 'a tool');
  return [
    'test_a_tool_that_is_switched_off_is_denied if {',
    `\tids(${root}.deny) == {"${prefix}-201"} with input as use(${tool}, "${group?.effect ?? 'unknown'}")`,
    `\t\twith data.${root}.config.switched_off as [${tool}]`,
    '}',
  ].join('\n');
}

interface Choice {
  readonly setting: string;
  readonly set: string;
  readonly effect: string;
  readonly denial: number;
}

const WRITES: Choice = { setting: 'writes', set: 'writes', effect: 'write', denial: 202 };
const RISKY: Choice = { setting: 'destroys', set: 'risky', effect: 'destroy', denial: 203 };

function choiceTest({ root, prefix }: Scaffold, { setting, set, effect, denial }: Choice): string {
  const line = (ruleSet: string, expected: string, value: string): string =>
    `\t\t${ruleSet} == ${expected} with input as use(tool, "${effect}") with data.${root}.config.${setting} as "${value}"`;
  return [
    `test_the_setting_${setting}_decides if {`,
    `\tevery tool in ${root}.${set} {`,
    line(`ids(${root}.deny)`, `{"${prefix}-${denial}"}`, 'deny'),
    line(`${root}.deny`, 'set()', 'allow'),
    line(`${root}.obligations`, 'set()', 'allow'),
    '\t}',
    '}',
  ].join('\n');
}
