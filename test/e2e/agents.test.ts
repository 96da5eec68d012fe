import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { aPlace, decisionsAbout, PATIENCE, runProgram } from './program.ts';
import { rawStdio } from './raw-client.ts';

const PAGE = readFileSync('docs/agents.md', 'utf8');

function blockOf(language: string): string {
  return new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(PAGE)?.[1] ?? '';
}

/** The example of the page, with the bundle that it shows. */
function aSupportTeam() {
  const place = aPlace(() => blockOf('yaml').replaceAll('[servers/', `[${resolve('servers')}/`));
  const bundle = join(place.folder, 'policies', 'support');
  mkdirSync(bundle, { recursive: true });
  writeFileSync(join(bundle, '.manifest'), blockOf('json'));
  writeFileSync(join(bundle, 'policy.rego'), blockOf('rego'));
  return place;
}

test('two agents on one configuration see what is theirs, and a subagent at most what its parent sees', async () => {
  const place = aSupportTeam();
  const validated = await runProgram(place, ['config', 'validate']);
  expect(validated.code).toBe(0);
  expect(validated.stderr).toContain('"payments/create_refund" is beyond the reach of "support"');

  const support = await rawStdio(place, { args: ['--agent', 'support'] });
  const outbox = ['list_messages', 'read_message', 'save_draft', 'send_message'].map((tool) => `outbox__${tool}`);
  await expect.poll(() => support.listTools(), PATIENCE).toEqual([...outbox, 'payments__get_charge']);
  const drafts = await rawStdio(place, { args: ['--agent', 'support-drafts'] });
  await expect.poll(() => drafts.listTools(), PATIENCE).toEqual(['outbox__save_draft']);
  expect(drafts.stderr()).not.toContain('beyond the reach');

  const draft = { to: 'kim@northwind.example', subject: 'Hello', body: 'All is well.' };
  expect((await drafts.call('outbox__save_draft', draft)).isError ?? false).toBe(false);
  const [saved] = await decisionsAbout(place, 'save_draft');
  expect(saved).toMatchObject({
    effect: 'allow',
    principal: { agent: { id: 'support-drafts', delegated_by: ['support'] } },
  });
  const identity = saved?.layers.filter(({ layer }) => layer === 'identity');
  expect(identity?.map(({ bundle, agent }) => [bundle, agent])).toEqual([
    ['starter-identity', undefined],
    ['agent-support', 'support'],
    ['starter-identity', 'support'],
  ]);

  const words = async (tool: string): Promise<string> => {
    const { content } = await drafts.call(tool, {});
    return `${content[0]?.text}`.replaceAll(tool, 'TOOL').replaceAll(/[0-9a-f-]{36}/g, 'ID');
  };
  const unknown = await words('payments__burn_everything');
  const outOfScope = { reasons: ['gateway.unknown_tool'], reason_internal: 'gateway.out_of_scope' };
  expect(await words('payments__create_refund')).toBe(unknown);
  expect((await decisionsAbout(place, 'create_refund'))[0]).toMatchObject({ ...outOfScope, matched_rules: [] });
  expect(await words('payments__list_charges')).toBe(unknown);
  const [unlisted] = await decisionsAbout(place, 'list_charges');
  expect(unlisted).toMatchObject({ ...outOfScope, matched_rules: ['agent-support/SUP-201'] });
});

test('a gateway is not started for an agent that nobody configured', async () => {
  const place = aSupportTeam();
  const { code, stderr } = await runProgram(place, ['serve', '--stdio', '--agent', 'suport']);
  expect(code).toBe(2);
  expect(stderr).toContain('error USAGE there is no agent "suport" in the configuration');
  expect(stderr).toContain('The agents are support, support-drafts.');
});
