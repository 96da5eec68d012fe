import { type Command, Option } from 'commander';
import type { CommandContext } from './context.ts';
import type * as Generations from './generations.ts';
import type { GenerationsOptions } from './generations.ts';
import type * as PolicyDiff from './policy-diff.ts';
import type { DiffOptions } from './policy-diff.ts';
import type * as PolicyShadow from './policy-shadow.ts';
import type { ShadowOptions } from './policy-shadow.ts';
import type * as Promote from './promote.ts';
import type { PromoteOptions } from './promote.ts';
import type * as Rollback from './rollback.ts';
import type { RollbackOptions } from './rollback.ts';
import { collectCandidate, parseLimit, parseMoment } from './values.ts';

const loadGenerations = (): Promise<typeof Generations> => import('./generations.ts');
const loadDiff = (): Promise<typeof PolicyDiff> => import('./policy-diff.ts');
const loadPromote = (): Promise<typeof Promote> => import('./promote.ts');
const loadShadow = (): Promise<typeof PolicyShadow> => import('./policy-shadow.ts');
const loadRollback = (): Promise<typeof Rollback> => import('./rollback.ts');

/** What was in force, and going back to it. */
export function addGenerationCommands(policy: Command, context: CommandContext): void {
  withConfig(policy.command('generations').description('list what was in force when, why, and what changed each time'))
    .option('--limit <number>', 'how many; 20 by default, or all', parseLimit)
    .addHelpText('after', '\nExample:\n  mcp-gateway policy generations --limit 5')
    .action(async (options: GenerationsOptions) => (await loadGenerations()).list(context, options));
  withConfig(policy.command('rollback').description('put in force again what was, and keep it there'))
    .argument('[generation]', 'its number or the beginning of its hash; the one before by default')
    .option('--bundle <id>', 'only this bundle, and those that change together with it')
    .option('--server <id>', 'only the bundle of this server')
    .option('--to <digest>', 'what the bundle goes back to; what it was before by default')
    .option('--clear', 'let the bundle, or all, follow their sources again')
    .requiredOption('--reason <text>', 'why; it is recorded')
    .addHelpText('after', ROLLBACK)
    .action(async (generation: string | undefined, options: RollbackOptions) =>
      (await loadRollback()).rollback(context, generation, options),
    );
  withConfig(policy.command('diff').description('say what is different between two generations, or with candidates'))
    .argument('[from]', 'its number or the beginning of its hash; the one before by default')
    .argument('[to]', 'the one in force by default')
    .option('--candidate <id=path>', 'a bundle in the place of what is in force; may be repeated', collectCandidate)
    .option('--markdown', 'write Markdown, for a pull request')
    .addOption(
      new Option('--since <time>', 'make the decisions since then again, a time or how long ago: the newest 10,000')
        .argParser(parseMoment)
        .default(parseMoment('7d'), '7d'),
    )
    .option('--no-impact', 'compare the policies alone, and no decisions')
    .addHelpText('after', '\nExample:\n  mcp-gateway policy diff --candidate limits=./limits --markdown')
    .action(async (from: string | undefined, to: string | undefined, options: DiffOptions) =>
      (await loadDiff()).diff(context, [from, to], options),
    );
  withConfig(policy.command('shadow').description('say what the bundles and rules in shadow would have changed'))
    .option('--since <time>', 'a time, or how long ago; 7d by default', parseMoment)
    .option('--promote <bundle[/rule]>', 'enforce it: its mode changes in the configuration file')
    .option('--reason <text>', 'why it is promoted; it is recorded')
    .addHelpText('after', SHADOW)
    .action(async ({ promote, ...options }: ShadowOptions & Partial<PromoteOptions>) =>
      promote === undefined
        ? (await loadShadow()).shadow(context, options)
        : (await loadPromote()).promote(context, { ...options, promote }),
    );
}

const SHADOW = `
Each is judged alone: what would have been decided had it, and nothing else that is in shadow, been enforced.

Examples:
  mcp-gateway policy shadow --since 24h
  mcp-gateway policy shadow --promote limits/L-101 --reason "a week without a false alarm"`;

const ROLLBACK = `
Running gateways take it up within seconds. What was rolled back stays as it is, whatever its source has, until it is
cleared. Below the floor that a bundle's manifest names nothing goes back.

Examples:
  mcp-gateway policy rollback --reason "the new limits stop everybody"
  mcp-gateway policy rollback --bundle limits --to 3f9a1c --reason "as last week"
  mcp-gateway policy rollback --clear --bundle limits --reason "mended"`;

function withConfig(command: Command): Command {
  return command.option('-c, --config <file>', 'the configuration file').option('--json', 'print one JSON object');
}
