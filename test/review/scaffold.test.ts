import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lintBundle } from '../../src/app/authoring.ts';
import { testBundle } from '../../src/app/bundle-tests.ts';
import { readLibrary } from '../../src/app/bundles.ts';
import { validateAgainst } from '../../src/catalog/validate-against.ts';
import { SERVER_ID } from '../../src/core/names.ts';
import { Manifest } from '../../src/policy/manifest.ts';
import { formatRego } from '../../src/review/format-rego.ts';
import { type ScaffoldFacts, scaffoldBundle, type ScaffoldTool } from '../../src/review/scaffold.ts';
import { rulePercent } from '../../src/review/test-findings.ts';
import { toolchain } from '../shared-toolchain.ts';

const loader = { toolchain, library: readLibrary(), validate: validateAgainst };
const clock = { now: () => 0, monotonic: () => 0 };
function facts(tools: readonly ScaffoldTool[], more: Partial<ScaffoldFacts> = {}): ScaffoldFacts {
  return { server: 'notes', package: '@example/notes', version: '1.2.3', owner: 'us: the authors', tools, ...more };
}

function tool(name: string, effect: ScaffoldTool['effect'], says = 'It does | something.'): ScaffoldTool {
  return { name, effect, says };
}

const ALL = [
  tool('read', 'read'),
  tool('write', 'write'),
  tool('delete', 'destroy'),
  tool('odd "name" \\ {x}', 'unknown'),
];

test.for<readonly [string, ScaffoldFacts]>([
  ['all kinds of tools, one with a strange name', facts(ALL)],
  [
    'one tool that only looks, of a server with a reserved name',
    facts([tool('peek', 'read')], { server: 'gateway', package: '', version: '' }),
  ],
])('a first bundle for %s has no findings, and tests that pass and cover all rules', async ([, given]) => {
  const written = await formatRego(scaffoldBundle(given), toolchain);
  expect([...written.keys()]).toEqual(['.manifest', 'data.json', 'policy.rego', 'policy_test.rego', 'README.md']);
  const bytes = [...written]
    .filter(([file]) => file !== 'README.md')
    .map(([file, text]) => [file, Buffer.from(text)] as const);
  const files = { source: 'first', files: new Map(bytes) };
  expect((await lintBundle(files, loader)).findings).toEqual([]);
  const { tests, coverage, engines } = await testBundle(files, loader, { clock });
  expect(tests.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
  expect({ rules: rulePercent(coverage), lines: coverage.percent }).toEqual({ rules: 100, lines: 100 });
  expect(engines).toMatchObject({ differences: [], notCompared: [] });
});

test('whatever a server is called, its root and the ids of its rules are such as the contract wants', () => {
  fc.assert(
    fc.property(fc.stringMatching(SERVER_ID), (server) => {
      const files = scaffoldBundle(facts(ALL, { server }));
      const { roots } = Manifest.parse(JSON.parse(files.get('.manifest') ?? ''));
      expect(files.get('policy.rego')).toContain(`package ${roots[0]}\n`);
      expect(files.get('policy.rego')).toMatch(/"id": "[A-Z]{1,4}-101"/);
    }),
  );
});

test.for([
  ['1.2.3', '>=1.2.3 <2.0.0'],
  ['0.4.1-beta.2', '>=0.4.1 <0.5.0'],
  ['latest', undefined],
])('a bundle for version %s is for versions %s', ([version, versions]) => {
  const files = scaffoldBundle(facts(ALL, { version: version ?? '' }));
  const { metadata } = Manifest.parse(JSON.parse(files.get('.manifest') ?? ''));
  expect(metadata.gateway.server?.versions).toBe(versions);
});

test('what a server says of its tools stands in the table as text', () => {
  const readme = scaffoldBundle(facts([tool('a', 'read', 'x | <b>y</b>\u202e `z`')])).get('README.md') ?? '';
  expect(readme).toContain('| `a` | reads | NOT-101 | x b y /b `z` |');
});

test('a guess by the name of a tool stands in the README and nowhere else', () => {
  const files = scaffoldBundle(facts([tool('deleteAll', 'unknown'), tool('get_x', 'unknown'), tool('do', 'unknown')]));
  expect(files.get('README.md')).toContain(
    '- `deleteAll`: destroys\n- `do`: changes something\n- `get_x`: only looks\n',
  );
  const { metadata } = Manifest.parse(JSON.parse(files.get('.manifest') ?? ''));
  expect(Object.values(metadata.gateway.tools).map(({ effect }) => effect)).toEqual([undefined, undefined, undefined]);
});

test('whoever owns it, and whatever a server says, writes no more than a text into a first bundle', () => {
  const says = '[here](https://evil.example) ![](https://evil.example/x.png)';
  const files = scaffoldBundle(
    facts([tool('read', 'read', says)], { owner: 'us\nallow contains {"id": "X"} if true' }),
  );
  expect(files.get('policy.rego')).not.toMatch(/^allow contains \{"id": "X"/m);
  expect(files.get('README.md')).toContain('\\[here\\](https://evil.example) !\\[\\](');
  expect(scaffoldBundle(facts(ALL, { owner: 'null' })).get('policy.rego')).toContain('#   owner: "null"');
});
