import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import type { CommandContext } from '../../src/cli/context.ts';
import { addDecisionCommands } from '../../src/cli/decision-commands.ts';
import { addPolicyCommands } from '../../src/cli/policy-commands.ts';
import { aFolder } from '../state/support.ts';
import { type Ran, runCommand } from './command.ts';

const CONFIG = `# Ours.
version: 1
mcpServers:
  files:
    command: node
    policy: { mode: warn,   rules: {F-1: {mode: "shadow"}} } # kept
policies:
  starter: false
  org:
    - id: limits   # since March
      layer: workflow
      source: ./limits
      mode:  shadow    # watched
      rules:
        L-1: { mode: 'shadow' }
    - {id: pace, layer: workflow, source: ./pace, mode: enforce}
    - id: twin
      layer: workflow
      source: ./twin
      mode: &shared shadow
    - { id: other, layer: workflow, source: ./other, mode: *shared }
`;

function aConfig(text = CONFIG, name = 'mcp-gateway.yaml'): string {
  const path = join(aFolder(), name);
  writeFileSync(path, text);
  return path;
}

function run(config: string, args: readonly string[]): Promise<Ran> {
  const home = join(config, '..');
  const add = (program: Command, context: CommandContext): void => {
    addPolicyCommands(program, context);
    addDecisionCommands(program, context);
  };
  return runCommand(add, [...args, '--config', config], { home, cache: home });
}

const promote = (config: string, subject: string): Promise<Ran> =>
  run(config, ['policy', 'shadow', '--promote', subject, '--reason', 'a quiet week']);

test.for([
  { what: 'a bundle', subject: 'limits', before: 'mode:  shadow    #', after: 'mode:  enforce    #' },
  { what: 'a rule', subject: 'limits/L-1', before: "{ mode: 'shadow' }", after: "{ mode: 'enforce' }" },
  { what: 'the bundle of a server', subject: 'files', before: '{ mode: warn,', after: '{ mode: enforce,' },
  { what: 'a rule of it', subject: 'files/F-1', before: '{mode: "shadow"}', after: '{mode: "enforce"}' },
])('promoting $what changes its mode and no other character, and is on record', async ({ subject, before, after }) => {
  const config = aConfig();
  const { exit, out, err } = await promote(config, subject);
  expect([exit, err]).toEqual([0, '']);
  expect(out).toContain('+ enforce');
  expect(readFileSync(config, 'utf8')).toBe(CONFIG.replace(before, after));
  const { out: acts } = await run(config, ['decision', 'ls', '--acts', '--json']);
  expect(JSON.parse(acts)).toMatchObject({
    acts: [{ verb: 'policy.promote', subject, actor: 'user:maya', reason: 'a quiet week', after: { mode: 'enforce' } }],
  });
});

test('JSON with comments keeps them', async () => {
  const text =
    '{"version": 1, "mcpServers": {}, // none yet\n "policies": {"org": [{"id": "limits", "layer": "workflow", "source": "./limits", "mode": "shadow" /* so far */}]}}';
  const config = aConfig(text, 'mcp-gateway.json');
  await promote(config, 'limits');
  expect(readFileSync(config, 'utf8')).toBe(text.replace('"shadow"', '"enforce"'));
});

test('an included file is changed where the bundle stands', async () => {
  const config = aConfig('version: 1\nmcpServers: {}\ninclude: [more.yaml]\npolicies: {starter: false}\n');
  const more = join(config, '..', 'more.yaml');
  const text = 'policies:\n  org:\n    - {id: limits, layer: workflow, source: ./limits, mode: shadow}\n';
  writeFileSync(more, text);
  const { err } = await promote(config, 'limits');
  expect(err).toBe('');
  expect(readFileSync(more, 'utf8')).toBe(text.replace('shadow', 'enforce'));
});

test.each([
  ['pace', 'is enforced already'],
  ['none', 'has no bundle none'],
  ['pace/P-1', 'has no mode of its own'],
  ['twin', 'more than this mode would change'],
  ['other', 'put in from elsewhere'],
])('promoting %s is refused, and the file stays', async (subject, says) => {
  const config = aConfig();
  const { exit, err } = await promote(config, subject);
  expect([exit, err]).toEqual([2, expect.stringContaining(says)]);
  expect(readFileSync(config, 'utf8')).toBe(CONFIG);
});

test('policy shadow lists what is in shadow before anything was decided', async () => {
  const { out } = await run(aConfig(), ['policy', 'shadow', '--json']);
  const { shadow } = JSON.parse(out) as { readonly shadow: readonly object[] };
  expect(shadow).toMatchObject([
    { bundle: 'files', rule: 'F-1', decisions: 0, in_force: true },
    { bundle: 'limits', rule: '' },
    { bundle: 'other', rule: '' },
    { bundle: 'twin', rule: '' },
  ]);
});
