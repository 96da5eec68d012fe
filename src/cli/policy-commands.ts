import { type Command, Option } from 'commander';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import type * as Overrides from './overrides.ts';
import type { OverridesOptions } from './overrides.ts';
import type * as PolicyExplain from './policy-explain.ts';
import type { ExplainOptions } from './policy-explain.ts';
import type * as PolicyMatrix from './policy-matrix.ts';
import type { MatrixOptions } from './policy-matrix.ts';
import type * as PolicyStats from './policy-stats.ts';
import type { StatsOptions } from './policy-stats.ts';
import type * as PolicyTest from './policy-test.ts';
import type { TestOptions } from './policy-test.ts';
import { parseCandidate, parseCount, parseMoment, parseSpan } from './values.ts';

const load = (): Promise<typeof Overrides> => import('./overrides.ts');
const loadExplain = (): Promise<typeof PolicyExplain> => import('./policy-explain.ts');
const loadStats = (): Promise<typeof PolicyStats> => import('./policy-stats.ts');
const loadMatrix = (): Promise<typeof PolicyMatrix> => import('./policy-matrix.ts');
const loadTest = (): Promise<typeof PolicyTest> => import('./policy-test.ts');

export function addPolicyCommands(program: Command, context: CommandContext): void {
  const policy = program.command('policy').description('look at the policy in force');
  policy
    .command('overrides')
    .description(
      'list the permits in force: what they lift, who asked and who approved, why, until when, how often used',
    )
    .option('--ending-within <span>', 'only those that end so soon (45m, 72h, 7d)', parseSpan)
    .option('--all', 'also those that have ended, have not begun, or are gone')
    .option('-c, --config <file>', 'the configuration file')
    .option('--json', 'print one JSON object')
    .addHelpText('after', KNOWN)
    .action(async (options: OverridesOptions) => (await load()).overrides(context, options));
  policy
    .command('explain')
    .argument('<term>', 'what it is about: customer data, exports, merge')
    .description('say in plain words what the policy in force says of something, and what became of it')
    .option('--since <time>', SINCE, parseMoment, parseMoment('30d'))
    .option('--rego', 'also the rules as they are written')
    .option('-c, --config <file>', 'the configuration file')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  mcp-gateway policy explain "customer data"')
    .action(async (term: string, options: ExplainOptions) => (await loadExplain()).explainTerm(context, term, options));
  policy
    .command('stats')
    .description('rules that never fire or always do, what bundles cost, and how the rate of denials has changed')
    .option('--since <time>', SINCE, parseMoment, parseMoment('30d'))
    .option('-c, --config <file>', 'the configuration file')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  mcp-gateway policy stats --since 7d')
    .action(async (options: StatsOptions) => (await loadStats()).stats(context, options));
  addTest(policy, context);
  addMatrix(policy, context);
}

const SINCE = 'which decisions count: since a time (2026-11-20T09:00Z) or how long ago (24h; 30d by default)';

const KNOWN = `
Known are the permits in the data of the override bundles, and those that recorded decisions have met; a permit that a
rule puts together in Rego is not known before its first call. Which calls a permit is for is its rule's own to say.

Example:
  mcp-gateway policy overrides --ending-within 72h

Exit code ${EXIT.findings} when a permit can never hold as it is written, or a bundle cannot be used.`;

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
