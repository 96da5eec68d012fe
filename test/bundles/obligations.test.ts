import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import type { BundleSource } from '../../src/core/rego.ts';
import { toolchain } from '../shared-toolchain.ts';
import { inputSchema, readLibrary } from './shipped.ts';

const page = readFileSync('docs/obligations.md', 'utf8');
const blocks = [...page.matchAll(/^```rego\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);
const tests = blocks.filter((block) => block.startsWith('test_'));
const rules = blocks.filter((block) => !block.startsWith('test_'));

const HEAD = 'package example_test\n\nimport data.example\nimport data.gateway.v1.inputs\n';
const IDS = 'ids(elements) := {element.id | some element in elements}\n';
const bundle: BundleSource = {
  id: 'example',
  root: 'example',
  files: {
    'policy.rego': `package example\n\n${rules.join('\n')}`,
    'policy_test.rego': `${HEAD}\n${IDS}\n${tests.join('\n')}`,
  },
  data: {},
};

const library = readLibrary();

test('the examples of docs/obligations.md keep the contract of bundles', async () => {
  expect(await toolchain.check({ bundle, library, inputSchema: inputSchema() })).toEqual([]);
});

test('they say what their tests say, every rule of them', async () => {
  const tested = await toolchain.test({ bundle, library });
  if (tested.kind === 'refused') throw new Error(JSON.stringify(tested));
  expect(tested.tests.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
  expect(tested.tests.length).toBe(tests.length);
  expect(tested.coverage.rules.filter(({ fired }) => !fired)).toEqual([]);
});

test.for(['redact', 'deadline', 'warn', 'audit_required'])('an example teaches %s', (type) => {
  expect(page).toMatch(new RegExp(`^## \`${type}\``, 'm'));
  expect(rules.join('\n')).toContain(`"type": "${type}"`);
});

test('the settings of the page are settings', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-gateway-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [, settings = ''] = /^```yaml\n([\s\S]*?)^```$/m.exec(page) ?? [];
  const path = join(folder, 'mcp-gateway.yaml');
  writeFileSync(path, `version: 1\nmcpServers: {}\n${settings}`);
  const { config } = loadConfig({ path, environment: {}, workingFolder: folder, home: folder, userHome: folder });
  expect(config.policies.dataClasses.map(({ kind }) => kind)).toEqual(['pattern', 'pointer', 'detector']);
});
