import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import type * as Overrides from './overrides.ts';
import type { OverridesOptions } from './overrides.ts';
import type * as PolicyExplain from './policy-explain.ts';
import type { ExplainOptions } from './policy-explain.ts';
import type * as PolicyStats from './policy-stats.ts';
import type { StatsOptions } from './policy-stats.ts';
import { parseMoment, parseSpan } from './values.ts';

const load = (): Promise<typeof Overrides> => import('./overrides.ts');
const loadExplain = (): Promise<typeof PolicyExplain> => import('./policy-explain.ts');
const loadStats = (): Promise<typeof PolicyStats> => import('./policy-stats.ts');

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
}

const SINCE = 'which decisions count: since a time (2026-11-20T09:00Z) or how long ago (24h; 30d by default)';

const KNOWN = `
Known are the permits in the data of the override bundles, and those that recorded decisions have met; a permit that a
rule puts together in Rego is not known before its first call. Which calls a permit is for is its rule's own to say.

Example:
  mcp-gateway policy overrides --ending-within 72h

Exit code ${EXIT.findings} when a permit can never hold as it is written, or a bundle cannot be used.`;
