import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addPolicyCommands } from '../../src/cli/policy-commands.ts';
import { aPolicyPlace } from '../app/live-policies.ts';
import { runCommand } from './command.ts';

test('policy show tells the values of a bundle without the secrets that the configuration sets in them', async () => {
  const { home, config } = aPolicyPlace({ limits: { data: { token: '${PARTNER_TOKEN}', limit: 3 } } });
  const variables = { PARTNER_TOKEN: 'for-nobody-else' };
  const cache = join(tmpdir(), 'mcp-gateway-test-cache');
  const show = (...more: readonly string[]) =>
    runCommand(addPolicyCommands, ['policy', 'show', 'limits', '--config', config, ...more], {
      home,
      cache,
      variables,
    });
  const [json, text] = [await show('--json'), await show()];
  expect(JSON.parse(json.out)).toMatchObject({ config: { limit: 3, token: '••••' } });
  expect(text.out).toMatch(/ limit +3/);
  expect(json.out + text.out + json.err + text.err).not.toContain('for-nobody-else');
});
