import { type Command, Option } from 'commander';
import type { CommandContext } from './context.ts';
import type * as PolicyExplain from './policy-explain.ts';
import type { ExplainOptions } from './policy-explain.ts';
import type * as PolicyStats from './policy-stats.ts';
import type { StatsOptions } from './policy-stats.ts';
import { parseMoment } from './values.ts';

const loadExplain = (): Promise<typeof PolicyExplain> => import('./policy-explain.ts');
const loadStats = (): Promise<typeof PolicyStats> => import('./policy-stats.ts');

/** What says in words what the policy in force is, and how it works. */
export function addPolicyWordsCommands(policy: Command, context: CommandContext): void {
  policy
    .command('explain')
    .argument('<term>', 'what it is about: customer data, exports, merge')
    .description('say in plain words what the policy in force says of something, and what became of it')
    .addOption(since())
    .option('--rego', 'also the rules as they are written')
    .option('-c, --config <file>', 'the configuration file')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  mcp-gateway policy explain "customer data"')
    .action(async (term: string, options: ExplainOptions) => (await loadExplain()).explainTerm(context, term, options));
  policy
    .command('stats')
    .description('rules that never fire or always do, what bundles cost, and how the rate of denials has changed')
    .addOption(since())
    .option('-c, --config <file>', 'the configuration file')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  mcp-gateway policy stats --since 7d')
    .action(async (options: StatsOptions) => (await loadStats()).stats(context, options));
}

function since(): Option {
  const about = 'which decisions count: since a time (2026-11-20T09:00Z) or how long ago (24h)';
  return new Option('--since <time>', about).argParser(parseMoment).default(parseMoment('30d'), '30d');
}
