import { type Command, Option } from 'commander';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import type * as PolicyMatrix from './policy-matrix.ts';
import type { MatrixOptions } from './policy-matrix.ts';
import type * as PolicyTest from './policy-test.ts';
import type { TestOptions } from './policy-test.ts';
import { parseCandidate, parseCount } from './values.ts';

const loadMatrix = (): Promise<typeof PolicyMatrix> => import('./policy-matrix.ts');
const loadTest = (): Promise<typeof PolicyTest> => import('./policy-test.ts');

/** What holds all policies together to decision cases, and shows who may call what. */
export function addCaseCommands(policy: Command, context: CommandContext): void {
  addTest(policy, context);
  addMatrix(policy, context);
}

function addTest(policy: Command, context: CommandContext): void {
  policy
    .command('test')
    .argument('[files...]', 'case files, or folders of them; else those in the folders `cases` beside the bundles')
    .description('hold all policies together to decision cases: who may call what, and what must come of it')
    .option('--filter <text>', 'only calls with this text in the name of the case, the principal or the tool')
    .option('--mutate', 'also take each rule out in turn, and say which no case misses')
    .option('--max-survivors <number>', 'so many rules may go unmissed', parseCount, 0)
    .addOption(
      new Option('--format <format>', 'how the answer is written')
        .choices(['pretty', 'json', 'junit', 'github'])
        .default('pretty'),
    )
    .option(
      '--write-tools <file>',
      'write the tool definitions that the gateway last saw into a file for cases, and end',
    )
    .option('--schema', 'print the JSON Schema of case files, for editors, and end')
    .option('-c, --config <file>', 'the configuration file')
    .option('--json', 'print one JSON object')
    .addHelpText('after', TESTING)
    .action(async (files: string[], options: TestOptions) => (await loadTest()).test(context, files, options));
}

const TESTING = `
No server is started: a call goes the whole way of a call, on tool definitions that are known, and what else a decision
depends on (time, counters, labels, approvals) the case says. What no case lists is expected to be denied.

Example:
  mcp-gateway policy test cases/payments.yaml --mutate

Exit code ${EXIT.findings} when a call is not decided as expected, or more rules than --max-survivors go unmissed.`;

function addMatrix(policy: Command, context: CommandContext): void {
  policy
    .command('matrix')
    .description('say who may call what: every principal with every tool and every sample of arguments')
    .option('--principals <file>', 'a case file or a folder of them, with principals, tools and samples', gather, [])
    .option('--candidate <id=path>', 'compare with this bundle in the place of that one', parseCandidate)
    .addOption(
      new Option('--format <format>', 'how the answer is written')
        .choices(['terminal', 'csv', 'html', 'json'])
        .default('terminal'),
    )
    .option('-o, --out <file>', 'write it to a file')
    .option('--fail-on-change', 'end with an exit code where a candidate decides any call otherwise')
    .option('-c, --config <file>', 'the configuration file')
    .option('--json', 'print one JSON object')
    .addHelpText('after', MATRIX)
    .action(async (options: MatrixOptions) => (await loadMatrix()).matrix(context, options));
}

function gather(one: string, before: readonly string[]): readonly string[] {
  return [...before, one];
}

const MATRIX = `
Without --principals these are the configured agents, one that is not configured, and the tools that the gateway last
saw, each with the least arguments that it takes. A matrix shows what it tried, and proves nothing of other arguments.

Example:
  mcp-gateway policy matrix --principals cases --candidate resource=./resource --format html --out matrix.html

Exit code ${EXIT.findings} with --fail-on-change, when a call is decided otherwise.`;
