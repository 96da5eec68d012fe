import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addPolicyCommands } from '../../src/cli/policy-commands.ts';
import { aPolicyPlace, configure, nextGeneration, startLive, writeBundle } from '../app/live-policies.ts';
import { type Ran, runCommand } from './command.ts';

const RULE = (id: string, condition: string, title = 'Not this'): string => `# METADATA
# title: ${title}
# custom:
#   id: ${id}
deny contains {"id": "${id}", "reason": "no"} if ${condition}
`;

const FIRST = `package policy

${RULE('D-1', 'is_late')}
${RULE('D-2', 'input.action.tool == "a"')}
${RULE('D-3', 'input.action.tool == "gone"')}
# Late is after ten.
is_late if input.context.turn_count > 10
`;

const SECOND = `package policy

${RULE('D-1', 'is_late')}
${RULE('D-2', 'input.action.tool in {"a", "b"}', 'Neither of these')}
${RULE('D-4', 'input.action.tool == "new"')}
# Late is after twenty.
is_late if input.context.turn_count > 20
`;

const COUNTER = { name: 'calls', unit: 'calls', key: ['agent.id'], window: { kind: 'fixed', seconds: 60 }, limit: 5 };

function run(place: { readonly home: string; readonly config: string }, args: readonly string[]): Promise<Ran> {
  return runCommand(addPolicyCommands, ['policy', 'diff', ...args, '--config', place.config], {
    home: place.home,
    cache: join(place.home, '../cache'),
  });
}

test('policy diff tells rules, helpers, data, modes and what a manifest declares; Markdown has them too', async () => {
  const place = aPolicyPlace({ limits: {}, pace: {} });
  writeBundle(place, 'limits', { rego: FIRST, data: { limit: 3, list: ['a'] } });
  const live = await startLive(place);
  const first = live.app.readiness().generation;
  writeBundle(place, 'limits', { rego: SECOND, data: { limit: 5, more: true }, gateway: { governs: ['tool_call'] } });
  const second = await nextGeneration(live, first);
  configure(place, { limits: { rules: { 'D-2': { mode: 'shadow' } } } });
  await nextGeneration(live, second);

  const { out, err } = await run(place, ['1', '--json']);
  expect(err).toBe('');
  const { bundles } = JSON.parse(out) as { readonly bundles: readonly Record<string, unknown>[] };
  expect(bundles).toMatchObject([
    {
      bundle: 'limits',
      kind: 'changed',
      modes: [{ rule: 'D-2', before: 'enforce', after: 'shadow' }],
      rules: [
        { rule: 'D-2', kind: 'changed', what: ['text', 'title'], title: 'Neither of these' },
        { rule: 'D-3', kind: 'removed' },
        { rule: 'D-4', kind: 'added' },
        { rule: 'policy.is_late', kind: 'changed', isHelper: true, after: 'is_late if input.context.turn_count > 20' },
      ],
      data: [
        { pointer: '/config/limit', before: 3, after: 5 },
        { pointer: '/config/list', before: ['a'] },
        { pointer: '/config/more', after: true },
      ],
      declared: [{ pointer: '/governs', after: ['tool_call'] }],
    },
    { bundle: 'pace', kind: 'removed' },
  ]);
  const { out: text } = await run(place, ['1', '2']);
  expect(text).toContain('  data /config/limit: 3 → 5\n');
  expect(text).toContain('- is_late if input.context.turn_count > 10\n');
  const { out: markdown } = await run(place, ['1', '2', '--markdown']);
  expect(markdown).toContain('### ~ limits (workflow');
  expect(markdown).toContain('- + rule D-4: Not this\n');
  expect((await run(place, ['2', '2'])).out).toContain('Nothing is different.');
});

test('a candidate is compared with what is in force; a bad one is refused with its problems', async () => {
  const place = aPolicyPlace({ limits: {} });
  writeBundle(place, 'limits', FIRST);
  await startLive(place);
  writeBundle(place, 'next', { rego: FIRST.replace('10', '12'), gateway: { counters: [COUNTER] } });
  const candidate = (id: string, folder: string): readonly string[] => [
    '--candidate',
    `${id}=${join(place.folder, folder)}`,
  ];
  const { out, err } = await run(place, candidate('limits', 'next'));
  expect(err).toBe('');
  expect(out).toContain('helper policy.is_late');
  expect(out).toContain('manifest /counters/calls: nothing → {');
  writeBundle(place, 'bad', 'package policy\n\ndeny contains');
  expect(await run(place, candidate('limits', 'bad'))).toMatchObject({
    exit: 3,
    err: expect.stringContaining('BUNDLE_INVALID'),
  });
  expect((await run(place, candidate('pace', 'next'))).err).toContain('There are limits.');
});

test('without a second generation there is nothing to compare with', async () => {
  const place = aPolicyPlace({ limits: {} });
  await startLive(place);
  expect((await run(place, [])).err).toContain('nothing was in force before');
  expect((await run(place, ['99'])).err).toContain('there was no generation 99');
});
