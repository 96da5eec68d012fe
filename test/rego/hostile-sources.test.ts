import { afterAll, describe, expect, test } from 'vitest';
import { Toolchain } from '../../src/rego/toolchain.ts';
import { aBundle } from './a-bundle.ts';

/** Less time and memory than the gateway gives, so that the bombs go off sooner. */
const toolchain = new Toolchain({ limitMs: 4_000, maxMemoryBytes: 256 * 1024 * 1024 });
afterAll(async () => toolchain.close());

const lines = (count: number, make: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => make(at)).join('\n');

describe('F-40 a bundle that is too much for the compiler is refused, and the next one is compiled', () => {
  const BOMBS: readonly (readonly [what: string, policy: () => string])[] = [
    ['ten megabytes of rules', () => lines(200_000, (at) => `rule_${at} if input.action.tool == "tool ${at}"`)],
    [
      'a hundred thousand rules of one set',
      () => lines(100_000, (at) => `deny contains {"id": "A-1", "reason": "r${at}"} if input.action.tool == "${at}"`),
    ],
    ['lists in lists, two hundred thousand deep', () => `x := ${'['.repeat(200_000)}${']'.repeat(200_000)}`],
    ['brackets without end', () => `x := ${'('.repeat(500_000)}`],
    ['comprehensions in comprehensions', () => `x := ${'[1 | '.repeat(5_000)}true${']'.repeat(5_000)}`],
    ['a text of twenty megabytes', () => `x := "${'x'.repeat(20_000_000)}"`],
    [
      'rules that each stand for two others',
      () =>
        `${lines(60, (at) => `d${at + 1} := [d${at}, d${at}]`)}\nd0 := [1]\ndeny contains {"id": "A-1", "reason": "r"} if d60 == 1`,
    ],
    ['a test that never ends', () => 'deny contains {"id": "A-1", "reason": "r"} if input.action.tool == "x"'],
  ];

  test.for(BOMBS)('%s', async ([what, policy]) => {
    const files = {
      'policy.rego': `package app\n\n${policy()}\n`,
      ...(what.startsWith('a test')
        ? {
            'app_test.rego':
              'package app_test\n\ntest_x if { some a in numbers.range(1, 100000); some b in numbers.range(1, 100000); a + b < 0 }\n',
          }
        : {}),
    };
    const bundle = { id: 'app', root: 'app', files, data: {} };
    const ended = await toolchain.activate({ bundle, library: {} }).then(
      ({ kind }) => kind,
      (thrown: unknown) => (thrown instanceof Error && 'code' in thrown ? thrown.code : thrown),
    );
    expect(['TOOLCHAIN_FAILED', 'refused', 'examined']).toContain(ended);
    expect(await toolchain.check({ bundle: aBundle(), library: {} })).toEqual([]);
  });
});
