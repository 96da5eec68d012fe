import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addApprovalCommands } from '../../src/cli/approval-commands.ts';
import { addBundleCommands } from '../../src/cli/bundle-commands.ts';
import type { CommandContext } from '../../src/cli/context.ts';
import { addDecisionCommands } from '../../src/cli/decision-commands.ts';
import { addPolicyCommands } from '../../src/cli/policy-commands.ts';
import { addServerCommands } from '../../src/cli/server-commands.ts';

const CONTEXT: CommandContext = {
  terminal: { in: process.stdin, out: process.stdout, err: process.stderr },
  environment: { variables: {}, workingFolder: '', userHome: '', home: '', cache: '', user: 'maya' },
  setExit: () => undefined,
};

function withAllBelow(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(withAllBelow)];
}

test('the help of a command tells defaults in words, such as 30d and all, and no moments or largest numbers', () => {
  const program = new Command();
  const adds = [addApprovalCommands, addBundleCommands, addDecisionCommands, addPolicyCommands, addServerCommands];
  for (const add of adds) add(program, CONTEXT);
  const helps = withAllBelow(program).map((command) => command.helpInformation());
  expect(helps.length).toBeGreaterThan(30);
  expect(helps.filter((help) => /default:\s+\d{7}/.test(help))).toEqual([]);
  expect(helps.filter((help) => /default:\s+(30d|all)\)/.test(help)).length).toBeGreaterThanOrEqual(4);
});
