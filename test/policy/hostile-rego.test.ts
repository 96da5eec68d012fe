import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOST_BUILTINS } from '../../src/policy/builtins.ts';
import type { Evaluated } from '../../src/policy/evaluation.ts';
import { loadModule } from '../../src/policy/module.ts';
import { rewriteModule } from '../../src/policy/rewrite.ts';
import { PolicyRuntime } from '../../src/policy/runtime.ts';
import { Toolchain } from '../../src/rego/toolchain.ts';

const toolchain = new Toolchain();
afterAll(async () => toolchain.close());

/** A condition of each bundle's one rule; what is large comes with the input, as the arguments of a call would bring it. */
const CONDITIONS: Readonly<Record<string, string>> = {
  good: 'input.text == "good"',
  product: 'count([1 | some a in input.items; some b in input.items; some c in input.items; a == c]) > 0',
  counting: 'count(numbers.range(1, 1000000000)) > 0',
  walking: 'count([1 | walk(json.unmarshal(input.text))]) >= 0',
  doubling: 'count(json.marshal(data.app.d12)) > 0',
  concat: 'count([x | some _ in input.items; x := concat("", [input.text, input.text])]) > 0',
  replace: 'count(strings.replace_n({"a": input.text}, input.text)) > 0',
  match: 'count([1 | some p in input.items; regex.match(p, input.text)]) >= 0',
  split: 'count(split(input.text, "")) > 0',
  glob: 'count([1 | some p in input.items; glob.match(p, ["/"], input.text)]) >= 0',
  reach: 'count(graph.reachable({x: input.items | some x in input.items}, input.items)) > 0',
  base64: 'count(base64.encode(base64.encode(base64.encode(input.text)))) > 0',
  shift: 'bits.lsh(1, 100000000) > 0',
  product_of: 'product(input.items) > 0',
  cidr: 'net.cidr_contains(input.text, input.text)',
  sprintf: 'sprintf(input.text, input.items) != ""',
  prefix: 'strings.any_prefix_match(input.items, input.more)',
  subset: 'object.subset(input.items, input.more)',
  patch: 'json.patch(input.value, input.items) != ""',
  rewriting: 'regex.replace(input.text, input.pattern, input.more) != ""',
  unmarshal: 'json.unmarshal(input.text) != ""',
  integer: 'format_int(to_number(input.text), 2) != ""',
  versions: 'semver.compare(input.text, input.more) == 0',
  duration: 'time.parse_duration_ns(input.text) > 0',
  parsing: 'time.parse_ns(input.text, input.text) > 0',
  formatting: 'time.format([0, "UTC", input.text]) != ""',
  zone: 'time.format([0, input.text]) != ""',
  date: 'time.date(json.unmarshal(input.text)) != []',
  counted: 'strings.count(input.text, "") > 0',
};

const DOUBLING = Array.from({ length: 12 }, (_, at) => `d${at + 1} := [d${at}, d${at}, d${at}]`).join('\n');

let ask: ReturnType<typeof aRuntime>;
let built: Awaited<ReturnType<typeof build>>;
beforeAll(async () => {
  built = await build();
  ask = aRuntime();
});

async function build() {
  const bundles = Object.entries(CONDITIONS).map(([name, condition]) => ({
    id: name.replace('_', '-'),
    root: 'app',
    files: {
      'policy.rego': `package app\n\nallow contains {"id": "A-1", "reason": "r"} if ${condition}\n\n${name === 'doubling' ? `d0 := [1, 2, 3]\n${DOUBLING}\n` : ''}`,
    },
    data: { app: {} },
  }));
  const result = await toolchain.build({ bundles, library: {} });
  if (result.kind === 'refused') throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return { module: loadModule(rewriteModule(result.module.wasm)), bundles: result.module.bundles };
}

function aRuntime() {
  const runtime = new PolicyRuntime(built.module, {
    data: '{"bundle": {}}',
    builtins: HOST_BUILTINS,
    monotonic: () => performance.now(),
    print: () => undefined,
  });
  return (bundle: string, input: object): Evaluated => {
    runtime.open({ input: JSON.stringify(input), nowNs: 0n });
    return runtime.evaluate(built.bundles[bundle.replace('_', '-')]?.entrypointPath ?? '', 2_000_000);
  };
}

const many = <T>(count: number, make: (at: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, at) => make(at));
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

const ENDS = { 'is stopped': ['timeout', 'error'], ends: ['timeout', 'error', 'value'] };

describe('G-65 what a rule must not do for long is stopped, and the next one is asked as if nothing had been', () => {
  const STOPPED: readonly (readonly [bundle: string, what: string, input: object, kind: string])[] = [
    ['product', 'a product of three lists', { items: many(500, String) }, 'is stopped'],
    ['counting', 'a list of a thousand million numbers', {}, 'is stopped'],
    ['doubling', 'a value that holds itself three times, twelve times over', {}, 'is stopped'],
    [
      'concat',
      'texts until the memory is full',
      { items: many(5_000, String), text: 'x'.repeat(100_000) },
      'is stopped',
    ],
    [
      'match',
      'thousands of expressions',
      { items: many(3_000, (at) => `(a{1,${(at % 900) + 1}}){1,9}b`), text: 'a'.repeat(5_000) },
      'is stopped',
    ],
    [
      'glob',
      'thousands of globs',
      { items: many(3_000, (at) => `${'{a,b}'.repeat(8)}${at}*`), text: 'ab'.repeat(2_000) },
      'is stopped',
    ],
    ['reach', 'a graph in which all is next to all', { items: many(3_000, String) }, 'is stopped'],
    [
      'sprintf',
      'a thousand widths of a million',
      { text: '%1000000d'.repeat(1_000), items: many(1_000, () => 1) },
      'is stopped',
    ],
    [
      'sprintf',
      'one long argument over and over',
      { text: '%[1]s'.repeat(20_000), items: ['x'.repeat(100_000)] },
      'is stopped',
    ],
    [
      'sprintf',
      'one long argument over and over, of which nothing is kept',
      { text: '%[1].0s'.repeat(20_000), items: ['x'.repeat(100_000)] },
      'is stopped',
    ],
    ['sprintf', 'many beginnings of an index', { text: '%[1'.repeat(100_000), items: [1] }, 'ends'],
    [
      'prefix',
      'every text with every beginning',
      { items: many(20_000, (at) => `a${at}`), more: many(20_000, (at) => `b${at}`) },
      'is stopped',
    ],
    [
      'subset',
      'a list that nearly stands in another at every place',
      { items: many(40_000, () => 1), more: [...many(20_000, () => 1), 2] },
      'is stopped',
    ],
    [
      'patch',
      'thousands of changes of a large object',
      {
        value: Object.fromEntries(many(3_000, (at) => [`k${at}`, at])),
        items: many(3_000, (at) => ({ op: 'replace', path: `/k${at}`, value: 2 })),
      },
      'is stopped',
    ],
    [
      'patch',
      'a document that is copied into itself',
      { value: { a: 1 }, items: many(40, (at) => ({ op: 'copy', from: '', path: `/b${at}` })) },
      'is stopped',
    ],
    [
      'rewriting',
      'a thousand groups',
      { text: 'a'.repeat(3_000), pattern: '(a)'.repeat(1_000), more: 'x' },
      'is stopped',
    ],
    [
      'rewriting',
      'stars of stars',
      { text: 'a'.repeat(20_000), pattern: '((((((a)*)*)*)*)*)*b', more: 'x' },
      'is stopped',
    ],
    [
      'rewriting',
      'a replacement that is longer than the text, everywhere',
      { text: 'a'.repeat(20_000), pattern: 'a', more: 'x'.repeat(100_000) },
      'is stopped',
    ],
    [
      'rewriting',
      'a replacement of groups that are empty',
      { text: 'a'.repeat(20_000), pattern: '(b)?a', more: '$1'.repeat(50_000) },
      'is stopped',
    ],
    ['rewriting', 'a very long expression', { text: 'a', pattern: '{'.repeat(500_000), more: 'x' }, 'is stopped'],
    [
      'rewriting',
      'a class of twenty thousand characters',
      {
        text: 'a'.repeat(10_000),
        pattern: `[${many(15_000, (at) => String.fromCodePoint(0x4e00 + at)).join('')}]b`,
        more: 'x',
      },
      'ends',
    ],
    ['unmarshal', 'lists in lists, a hundred thousand deep', { text: nested(100_000) }, 'is stopped'],
    ['unmarshal', 'lists in lists, two thousand deep', { text: nested(2_000) }, 'ends'],
    ['walking', 'lists in lists, a thousand deep', { text: nested(1_000) }, 'ends'],
    ['walking', 'lists in lists, ten thousand deep', { text: nested(10_000) }, 'is stopped'],
    ['integer', 'a number of a million digits', { text: '9'.repeat(1_000_000) }, 'is stopped'],
    [
      'versions',
      'versions of a million digits',
      { text: `1.0.0-${'9'.repeat(600_000)}`, more: `1.0.0-${'8'.repeat(600_000)}` },
      'ends',
    ],
    ['duration', 'a duration of a million parts', { text: '1h'.repeat(600_000) }, 'is stopped'],
    ['parsing', 'a layout of a million characters', { text: '2006'.repeat(250_000) }, 'ends'],
    ['formatting', 'a layout that is long when it is filled', { text: 'January '.repeat(100_000) }, 'ends'],
    ['date', 'a number with a million zeros behind its point', { text: `1.${'0'.repeat(1_000_000)}1` }, 'is stopped'],
    ['shift', 'a number of a hundred million bits', {}, 'ends'],
    ['product_of', 'a product of many large numbers', { items: many(50_000, () => 9_007_199_254_740_991) }, 'ends'],
    ['split', 'a text of a million characters', { text: 'x'.repeat(1_000_000) }, 'ends'],
    ['base64', 'a text of a million characters', { text: 'x'.repeat(1_000_000) }, 'ends'],
    ['counted', 'a text of a million characters', { text: 'x'.repeat(1_000_000) }, 'ends'],
    ['zone', 'a zone that nobody knows', { text: 'Mars/Olympus' }, 'is stopped'],
    ['replace', 'a text that is replaced by itself', { text: 'a'.repeat(30_000) }, 'is stopped'],
    ['cidr', 'a network that is none', { text: '/'.repeat(100_000) }, 'ends'],
  ];

  test.for(STOPPED)('%s: %s', ([bundle, , input, how]) => {
    const { kind } = ask(bundle, input);
    expect(ENDS[how as keyof typeof ENDS]).toContain(kind);
    expect(ask('good', { text: 'good' })).toMatchObject({ kind: 'value', text: expect.stringContaining('A-1') });
    expect(ask('good', { text: 'bad' })).toMatchObject({ kind: 'value', text: expect.stringContaining('"allow":[]') });
  });
});
