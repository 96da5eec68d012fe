import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { addBundleCommands } from '../../src/cli/bundle-commands.ts';
import { Toolchain } from '../../src/rego/toolchain.ts';
import { aFolder } from '../upstream/parts.ts';
import { type Ran, runCommand } from './command.ts';

const cacheFolder = mkdtempSync(join(tmpdir(), 'mcp-gateway-'));
const toolchain = new Toolchain({ cacheFolder, idleMs: 60_000 });
afterAll(async () => {
  await toolchain.close();
  rmSync(cacheFolder, { recursive: true });
});

const MANIFEST = JSON.stringify({ roots: ['app'], metadata: { gateway: { contract: 1, layer: 'server' } } });
const POLICY = `package app

# METADATA
# title: Everything is allowed
# custom: {id: A-1}
allow contains {"id": "A-1", "reason": "all"} if input.action.tool != ""

# METADATA
# title: Nothing is <b>large</b>
# custom: {id: A-2}
deny contains {"id": "A-2", "reason": "large"} if input.action.args.size > 5
`;
const TESTS = `package app_test

import data.app

test_small if app.deny == set() with input as {"action": {"tool": "a", "args": {"size": 1}}}
`;
const GOOD = { '.manifest': MANIFEST, 'policy.rego': POLICY, 'policy_test.rego': TESTS };

function aBundle(files: Readonly<Record<string, string>> = GOOD): string {
  const folder = aFolder();
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, 'app', file)), { recursive: true });
    writeFileSync(join(folder, 'app', file), text);
  }
  return folder;
}

function bundle(folder: string, ...args: readonly string[]): Promise<Ran> {
  return runCommand(addBundleCommands, ['bundle', ...args], { home: folder, cache: join(folder, 'cache'), toolchain });
}

test('what check finds is printed in four ways, and ends with 3 only where it shall', async () => {
  const folder = aBundle();
  const pretty = await bundle(folder, 'check', 'app');
  expect(pretty).toMatchObject({ exit: 0, err: '2 notes more: --notes shows them\n' });
  expect(pretty.out).toContain('warning policy.rego:11:51: input.action.args.size is compared with >');
  expect(pretty.out).toContain('[lint_unchecked_argument]\n  11 | deny contains');
  expect(pretty.out).toMatch(/\napp is good: layer server, 2 rules, [0-9a-f]{12}\n$/);

  const denied = await bundle(folder, 'check', 'app', '--deny-warnings', '--json');
  const findings = ['lint_description', 'lint_owner', 'lint_remediation', 'lint_unchecked_argument'];
  expect(denied.exit).toBe(3);
  expect(JSON.parse(denied.out)).toMatchObject({
    schema: 'mcp-gateway/bundle-check/v1',
    ok: false,
    path: 'app',
    rules: 2,
  });
  expect(
    JSON.parse(denied.out)
      .findings.map(({ code }: { code: string }) => code)
      .toSorted(),
  ).toEqual(findings.toSorted());

  const ownerless = await bundle(folder, 'check', 'app', '--deny', 'lint_owner');
  expect(ownerless.exit).toBe(3);
  expect(ownerless.out).toContain('error policy.rego:8:1: A-2 has no owner');
  expect(ownerless.err).toContain('error BUNDLE_INVALID app has 1 error and 2 warnings');
  const misspelt = await bundle(folder, 'check', 'app', '--deny', 'lint_ownr');
  expect(misspelt).toMatchObject({ exit: 2, err: expect.stringContaining('the lint has no code "lint_ownr"') });

  const github = await bundle(folder, 'check', './app/', '--format', 'github');
  expect(github.out).toContain(
    '::warning file=app/policy.rego,line=11,col=51,title=lint_unchecked_argument::input.action',
  );
  const sarif = JSON.parse((await bundle(folder, 'check', 'app', '--format', 'sarif')).out);
  expect(sarif.runs[0].results[0]).toMatchObject({ ruleId: 'lint_remediation', level: 'warning' });
});

test('what the contract refuses ends with 3: for people on stderr, for programs in the answer', async () => {
  const folder = aBundle({ ...GOOD, 'policy.rego': 'package app\n\nallow contains x if {\n\tx = = 1\n}\n' });
  const pretty = await bundle(folder, 'check', 'app');
  expect(pretty).toMatchObject({ exit: 3, out: '' });
  expect(pretty.err).toMatch(
    /error policy\.rego:4:\d+: [\s\S]*error BUNDLE_INVALID app has 1 error\n {2}= help: .*bundle check app\n$/,
  );
  const json = await bundle(folder, 'check', 'app', '--format', 'json');
  expect(JSON.parse(json.out)).toMatchObject({
    ok: false,
    findings: [{ code: 'rego_parse_error', severity: 'error' }],
  });
  for (const command of ['test', 'inspect', 'doc', 'fmt']) expect((await bundle(folder, command, 'app')).exit).toBe(3);
  expect(await bundle(folder, 'build', 'app', '--out', 'app.tar.gz')).toMatchObject({ exit: 3, out: '' });
  expect(existsSync(join(folder, 'app.tar.gz'))).toBe(false);
});

test('a failing test is told in five ways, and ends with 3', async () => {
  const folder = aBundle({ ...GOOD, 'policy_test.rego': `${TESTS}\ntest_wrong if {\n\tprint("<seen>")\n\tfalse\n}\n` });
  const pretty = await bundle(folder, 'test', 'app');
  expect(pretty.exit).toBe(3);
  expect(pretty.out).toContain('error policy_test.rego:7:1: test_wrong fails [test_failed]');
  expect(pretty.out).toContain(
    'warning policy.rego:6:1: never true in a test: app.allow (A-1) [test_rule_not_covered]',
  );
  expect(pretty.out).toContain('printed by test_wrong:\n    <seen>\n1 of 2 tests pass; 0.0 % of rules and');
  expect(pretty.out).toContain('not compared, because they give no input to a rule: app_test.test_wrong\n');

  const filtered = await bundle(folder, 'test', 'app', '--filter', 'small', '--min-coverage', '100');
  expect(filtered).toMatchObject({
    exit: 0,
    out: '1 of 1 tests pass\n1 of 1 inputs have the same answer in OPA and in the gateway\n',
  });
  const junit = await bundle(folder, 'test', 'app', '--format', 'junit');
  expect(junit.out).toContain('<testsuites name="app" tests="3" failures="1">');
  expect(junit.out).toContain('<system-out>&lt;seen&gt;\n</system-out>');
  const json = JSON.parse((await bundle(folder, 'test', 'app', '--json')).out);
  expect(json).toMatchObject({
    schema: 'mcp-gateway/bundle-test/v1',
    ok: false,
    engines: { compared: 1, differences: [] },
  });
  expect((await bundle(folder, 'test', 'app', '--format', 'github')).out).toMatch(
    /^::warning[\s\S]*::error file=app\/policy_test\.rego,line=7/,
  );
});

test('tests that cover too little are a finding where that is asked for', async () => {
  const folder = aBundle();
  expect(await bundle(folder, 'test', 'app')).toMatchObject({ exit: 0 });
  const asked = await bundle(folder, 'test', 'app', '--min-coverage', '80');
  expect(asked).toMatchObject({ exit: 3 });
  expect(asked.out).toContain('error the tests make 0.0 % of the rules run, and 80 % are asked for [test_coverage]');
});

test('Rego is formatted where that is said, and else only told', async () => {
  const folder = aBundle({ ...GOOD, 'policy_test.rego': TESTS.replace('import data.app', 'import   data.app') });
  const told = await bundle(folder, 'fmt', 'app');
  expect(told).toMatchObject({ exit: 3, out: 'policy_test.rego\n' });
  const diff = await bundle(folder, 'fmt', 'app', '--diff');
  expect(diff).toMatchObject({ exit: 3 });
  expect(diff.out).toContain('-import   data.app\n+import data.app\n');
  expect(await bundle(folder, 'fmt', 'app', '--write')).toMatchObject({ exit: 0 });
  expect(readFileSync(join(folder, 'app', 'policy_test.rego'), 'utf8')).toBe(TESTS);
  expect(await bundle(folder, 'fmt', 'app', '--check')).toMatchObject({ exit: 0, out: '' });
});

test('a packed bundle is the same bytes each time, the same bundle, and has nothing of what is vendored', async () => {
  const folder = aBundle();
  const before = JSON.parse((await bundle(folder, 'inspect', 'app', '--json')).out);
  expect(await bundle(folder, 'vendor', 'app')).toMatchObject({ exit: 0 });
  expect(await bundle(folder, 'build', 'app', '--out', 'one.tar.gz')).toMatchObject({ exit: 0 });
  const built = await bundle(folder, 'build', 'app', '--out', 'two.tar.gz', '--json');
  expect(JSON.parse(built.out)).toMatchObject({ ok: true, digest: before.digest, files: Object.keys(GOOD).toSorted() });
  expect(readFileSync(join(folder, 'one.tar.gz')).equals(readFileSync(join(folder, 'two.tar.gz')))).toBe(true);
  const packed = JSON.parse((await bundle(folder, 'inspect', 'two.tar.gz', '--json')).out);
  expect(packed).toEqual({ ...before, path: 'two.tar.gz' });
});

test('a bundle is told of in words, in Markdown and on a page of its own', async () => {
  const folder = aBundle();
  const printed = await bundle(folder, 'doc', 'app');
  expect(printed.out).toContain(
    '### Nothing is \\<b\\>large\\</b\\> (A-2)\n\n- **What comes of it:** refuses\n- **When:** it depends on the argument `size`\n',
  );
  expect(await bundle(folder, 'doc', 'app', '--out', 'app.html')).toMatchObject({
    exit: 0,
    out: 'app.html: 2 rules in words\n',
  });
  expect(readFileSync(join(folder, 'app.html'), 'utf8')).toContain(
    '<h3>Nothing is &lt;b&gt;large&lt;/b&gt; <a class="id" href="#A-2">A-2</a></h3>',
  );
});

test('a first bundle is not written over another, and a server that cannot be started is said', async () => {
  const folder = aBundle();
  const full = await bundle(folder, 'init', 'app', '--', 'node', 'nowhere.mjs');
  expect(full).toMatchObject({ exit: 2 });
  expect(full.err).toContain(
    'app is not empty: it has .manifest, policy.rego, policy_test.rego\n  = help: Name a new folder, or add --force',
  );
  const unknown = await bundle(folder, 'init', 'new', '--', 'node', 'nowhere.mjs');
  expect(unknown).toMatchObject({ exit: 5, out: '' });
  expect(unknown.err).toContain('Cannot find module');
  expect(existsSync(join(folder, 'new'))).toBe(false);
  writeFileSync(join(folder, 'mcp-gateway.yaml'), 'version: 1\nmcpServers: { a: { command: x }, b: { command: y } }\n');
  expect((await bundle(folder, 'init', 'new')).err).toContain('Add --server with one of a, b');
  expect((await bundle(folder, 'init', 'new', '--server', 'c')).err).toContain('there is no server "c"');
});

test.for<readonly [string, Readonly<Record<string, string>>, string]>([
  ['a descriptor', { '.manifest': '{"contract":1,"bundle":"./policy"}' }, 'this is a descriptor'],
  ['a policy of another engine', { '.manifest': '{"policies":{},"entities":[]}' }, 'it has "policies", "entities"'],
  ['a bundle of OPA for another use', { '.manifest': '{\n  "roots": ["app"]\n}' }, 'it needs metadata.gateway'],
  [
    'a bundle of two roots',
    { '.manifest': MANIFEST.replace('["app"]', '["app", "app/sub"]') },
    '.manifest:1:10: /roots: a bundle has exactly one root; this one has 2, and "app/sub" lies within',
  ],
  ['Rego v0', { 'policy.rego': 'package app\n\nallow { input.x }\n' }, 'This is Rego v0'],
  ['data that are no JSON', { 'data.json': '{"app": {' }, 'data.json:1:10: the file is not JSON'],
  ['another package', { 'policy.rego': 'package other\n\nx := 1\n' }, 'policy.rego:1:1: package other lies outside'],
])('%s in place of a bundle is named as what it is, with the way out', async ([, files, said]) => {
  const ran = await bundle(aBundle({ ...GOOD, ...files }), 'check', 'app');
  expect(ran).toMatchObject({ exit: 3, out: '' });
  expect(ran.err).toContain(said);
});

test.for<readonly [string, string, string]>([
  ['page.tar.gz', '<!doctype html><html></html>', 'it is a web page'],
  ['policy.zip', 'PK\u0003\u0004', 'it is a zip archive'],
  ['policy.rego', 'package app\n', 'it is one Rego file'],
])('%s is no bundle, and why is said', async ([file, text, said]) => {
  const folder = aBundle({ [file]: text });
  const ran = await bundle(folder, 'check', `app/${file}`);
  expect(ran).toMatchObject({ exit: 1, out: '' });
  expect(ran.err).toContain(said);
});
