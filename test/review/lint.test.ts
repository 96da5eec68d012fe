import { beforeAll, describe, expect, test } from 'vitest';
import { type LintedBundle, lintBundle } from '../../src/app/authoring.ts';
import { readLibrary, SHIPPED_BUNDLES } from '../../src/app/bundles.ts';
import { validateAgainst } from '../../src/catalog/validate-against.ts';
import { readBundle } from '../../src/policy/bundle-files.ts';
import { LINT_RULES } from '../../src/review/lint.ts';
import { toolchain } from '../shared-toolchain.ts';

const loader = { toolchain, library: readLibrary(), validate: validateAgainst };
interface Example {
  readonly code: string;
  /** Rules below `package lint`; a rule set’s head is completed where it is left out. */
  readonly bad: string;
  /** What stands where the finding is. */
  readonly at: string;
  readonly good: string;
}

/** One way to break each rule of the lint, and the same as it should be. Names differ, because all are one bundle. */
const EXAMPLES: readonly Example[] = [
  {
    code: 'lint_bad_pattern',
    bad: 'deny if regex.match(`^(a)\\1$`, input.action.tool)',
    at: '^(a)\\1$',
    good: 'deny if regex.match(`^(a)+$`, input.action.tool)',
  },
  {
    code: 'lint_unchecked_argument',
    bad: 'deny if {\n\targs := input.action.args\n\targs.amount > 100\n}',
    at: 'args.amount > 100',
    good: 'deny if {\n\tamount := input.action.args.amount\n\tis_number(amount)\n\tamount > 100\n}',
  },
  {
    code: 'lint_failing_builtin',
    bad: 'deny if {\n\tparts := split(input.action.args.hours, ":")\n\tto_number(parts[0]) == 7\n}',
    at: 'to_number(parts[0]) == 7',
    good: 'deny if {\n\thours := input.action.args.hours\n\tis_string(hours)\n\tregex.match(`^[0-9]+$`, hours)\n\tto_number(hours) == 7\n}',
  },
  {
    code: 'lint_impossible_value',
    bad: 'deny if input.action.effect in {"delete", "destroy"}',
    at: 'delete',
    good: 'deny if input.action.effect in {"write", "destroy"}',
  },
  {
    code: 'lint_ungoverned',
    bad: 'deny if input.action.type == "resource_read"',
    at: 'resource_read"',
    good: 'deny if input.action.type == "tool_result"',
  },
  {
    code: 'lint_empty_field',
    bad: 'deny if startswith(input.action.resource, "file:")',
    at: 'input.action.resource',
    good: 'deny if input.action.result.is_error',
  },
  {
    code: 'lint_never_absent',
    bad: 'deny if {\n\tinput.action.tool == "read"\n\tnot input.user.id\n}',
    at: 'input.user.id',
    good: 'deny if {\n\tinput.action.tool == "read"\n\tinput.user.id == ""\n\tnot input.environment.is_production\n}',
  },
  {
    code: 'lint_unknown_tool',
    bad: 'bad_tools := {"read", "raed"}\n\ndeny if input.action.tool in bad_tools',
    at: 'raed',
    good: 'good_tools := {"read", "write"}\n\ndeny if input.action.tool in good_tools',
  },
  {
    code: 'lint_unreached_rule',
    bad: 'denny if input.action.tool == "read"',
    at: 'denny',
    good: 'is_read if input.action.tool == "read"\n\ndeny if is_read',
  },
  {
    code: 'lint_walk',
    bad: 'deny if {\n\tsome value\n\twalk(input, [_, value])\n\tvalue == "secret"\n}',
    at: 'walk',
    good: 'deny if {\n\tsome value\n\twalk(input.action.args, [_, value])\n\tvalue == "secret"\n}',
  },
  {
    code: 'lint_product',
    bad: 'deny if {\n\tsome sent in input.action.args.names\n\tsome row in data.lint.config.large\n\tsent == row\n}',
    at: 'data.lint.config.large',
    good: 'deny if {\n\tsome sent in input.action.args.names\n\tsome part in sent.parts\n\tpart in data.lint.config.large\n}',
  },
  {
    code: 'lint_pattern_in_loop',
    bad: 'deny if {\n\tsome word in data.lint.config.words\n\tregex.match(sprintf("(^|/)%s$", [word]), input.action.tool)\n}',
    at: 'regex.match',
    good: 'deny if {\n\tsome pattern in data.lint.config.words\n\tregex.match(pattern, input.action.tool)\n}',
  },
  {
    code: 'lint_text_of_argument',
    bad: 'deny if contains(input.action.args.path, "..")',
    at: 'input.action.args.path',
    good: 'deny if {\n\tis_string(input.action.args.path)\n\tcontains(input.action.args.path, "..")\n}',
  },
  {
    code: 'lint_negated_argument',
    bad: 'bad_path(path) if path == "/safe"\n\ndeny if not bad_path(input.action.args.path)',
    at: 'input.action.args.path',
    good: 'good_path if object.get(input.action.args, "path", "") == "/safe"\n\ndeny if not good_path',
  },
];

const ABOUT = '# title: A title\n# description: A description.\n# custom:\n#   owner: somebody\n';

function files(side: 'bad' | 'good', more: Readonly<Record<string, string>> = {}) {
  const manifest = {
    roots: ['lint'],
    metadata: {
      gateway: { contract: 1, layer: 'server', governs: ['tool_call', 'tool_result'], tools: { read: {}, write: {} } },
    },
  };
  const rego = EXAMPLES.map(({ code, [side]: text }) => {
    const id = code.replaceAll('_', '-');
    const head = `# METADATA\n${ABOUT}#   id: ${id}\n#   remediation: Do something else.\ndeny contains {"id": "${id}", "reason": "${code}"} if`;
    return [`${code}.rego`, `package lint\n\n${text.replace(/^deny if/m, head)}\n`] as const;
  });
  const data = { config: { large: Array.from({ length: 200 }, (_, index) => `row ${index}`), words: ['a'] } };
  const all = {
    '.manifest': JSON.stringify(manifest),
    'data.json': JSON.stringify({ lint: data }, null, 1),
    ...Object.fromEntries(rego),
    ...more,
  };
  return { source: 'lint', files: new Map(Object.entries(all).map(([name, text]) => [name, Buffer.from(text)])) };
}

describe('each rule of the lint', () => {
  let bad: LintedBundle;
  let good: LintedBundle;
  beforeAll(async () => {
    bad = await lintBundle(files('bad'), loader);
    good = await lintBundle(files('good'), loader);
  });

  test.for(EXAMPLES)('$code finds its bad example at its place', ({ code, at }) => {
    const found = bad.findings.filter(({ file }) => file === `${code}.rego`);
    expect(found.map((finding) => finding.code)).toContain(code);
    const [first] = found.filter((finding) => finding.code === code);
    const line = bad.bundle.modules[`${code}.rego`]?.split('\n')[(first?.row ?? 0) - 1] ?? '';
    expect(line.slice((first?.column ?? 0) - 1)).toContain(at);
  });

  test('finds nothing in the good examples', () => {
    expect(good.findings).toEqual([]);
  });
});

test('what the annotations, the data and the manifest leave out is found at its place', async () => {
  const manifest = { roots: ['lint'], metadata: { gateway: { contract: 1, layer: 'compliance' } } };
  const policy = [
    'package lint',
    '',
    '# METADATA',
    '# title: A title',
    '# custom: {id: L-1, remediation: "Ask {team}."}',
    'deny contains {"id": "L-1", "reason": "one", "params": {"who": input.user.id}} if input.action.tool == data.lint.config.tool',
    '',
    '# METADATA',
    '# title: Another title',
    '# custom: {id: L-2}',
    'deny contains {"id": "L-2", "reason": "two"} if input.action.tool == "b"',
  ].join('\n');
  const data =
    '{\n  "lint": {\n    "config": {\n      "tool": "a",\n      "toool": "b"\n    },\n    "table": {"x": 1}\n  }\n}\n';
  const bytes = { '.manifest': JSON.stringify(manifest), 'policy.rego': `${policy}\n`, 'data.json': data };
  const linted = await lintBundle(
    { source: 'lint', files: new Map(Object.entries(bytes).map(([name, text]) => [name, Buffer.from(text)])) },
    loader,
  );
  expect(linted.findings.map(({ severity, code, file, row }) => `${severity} ${code} ${file}:${row}`)).toEqual([
    'warning lint_unused_data data.json:5',
    'warning lint_unused_data data.json:7',
    'warning lint_parameter policy.rego:3',
    'note lint_description policy.rego:3',
    'note lint_owner policy.rego:3',
    'warning lint_remediation policy.rego:8',
    'note lint_description policy.rego:8',
    'note lint_owner policy.rego:8',
  ]);
});

test('a comment takes a finding out', async () => {
  const bad = files('bad');
  const file = 'lint_walk.rego';
  const text = Buffer.from(bad.files.get(file) ?? '').toString();
  bad.files.set(file, Buffer.from(text.replace('\twalk', '\t# lint-ignore: lint_walk\n\twalk')));
  const { findings } = await lintBundle(bad, loader);
  expect(findings.filter((finding) => finding.file === file)).toEqual([]);
});

test('G-71 a rule that asks with a default for a field that never exists keeps its bundle from being loaded', async () => {
  const fields = [
    'object.get(input, "agnt", "") == ""',
    'object.get(input.agent, ["client", "nmae"], "") == ""',
    'not object.get(input, ["action", "efect"], "read") == "read"',
    'object.get(args.result, "structered", {}) == {}',
  ];
  const good = ['object.get(input.action.args, "anything", "") == ""', 'object.get(input, ["agent", "id"], "") == ""'];
  const bundleOf = (conditions: readonly string[]) => {
    const found = files('good');
    const rules = conditions.map((condition, at) => {
      const head = `# METADATA\n${ABOUT}#   id: U-${at}\n#   remediation: Nothing.\ndeny contains {"id": "U-${at}", "reason": "r"} if`;
      return `${head} {\n\targs := input.action\n\targs.tool != ""\n\t${condition}\n}`;
    });
    return {
      ...found,
      files: new Map([...found.files, ['unknown.rego', Buffer.from(`package lint\n\n${rules.join('\n\n')}\n`)]]),
    };
  };
  await expect(lintBundle(bundleOf(good), loader)).resolves.toBeDefined();
  for (const field of fields) {
    await expect(lintBundle(bundleOf([field]), loader)).rejects.toThrow(
      /there is no input\..*: this is always the default/,
    );
  }
});

test('every rule of the lint is tried here', () => {
  const elsewhere = [
    'lint_unknown_field',
    'lint_remediation',
    'lint_parameter',
    'lint_unused_data',
    'lint_owner',
    'lint_description',
  ];
  expect([...EXAMPLES.map(({ code }) => code), ...elsewhere].toSorted()).toEqual(
    LINT_RULES.map(({ code }) => code).toSorted(),
  );
});

test.for(['starter/server', 'starter/workflow', 'northwind/compliance', 'northwind/workflow', 'northwind/override'])(
  'the bundle %s has no errors and no warnings',
  async (bundle) => {
    const { findings } = await lintBundle(await readBundle(`${SHIPPED_BUNDLES}${bundle}`), loader);
    expect(findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
  },
);
