import { type Command, Option } from 'commander';
import { GatewayError } from '../core/errors.ts';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import type { NamedPath, ReplayOptions } from './replay.ts';
import { parseThresholds } from './replay-thresholds.ts';
import { parseLimit, parseMoment } from './values.ts';

export function addReplayCommand(policy: Command, context: CommandContext): void {
  policy
    .command('replay')
    .description('make recorded decisions again: by the policies of their time, by those in force, by candidates')
    .option('--candidate <id=path>', 'try this bundle in the place of the one with this id; again for more', collect)
    .option('--add <id=path>', 'try a bundle of the organisation that the configuration does not have', collect)
    .option('--since <time>', SINCE, parseMoment)
    .option('--until <time>', 'likewise', parseMoment)
    .addOption(
      new Option('--limit <n>', 'only so many of the newest').argParser(parseLimit).default(parseLimit('all'), 'all'),
    )
    .option('--server <id>', 'only of this server')
    .option('--tool <name>', 'only of this tool')
    .option('--agent <id>', 'only of this agent')
    .option('--closed-loop', 'count limits anew by what would have been allowed, in place of as they stood')
    .option('--fail-on <thresholds>', 'at most so many of a class: deny_to_allow=0,allow_to_deny=0.1%', parseThresholds)
    .option('--log <file>', 'replay this export (`decision export`) in place of the store')
    .option('--markdown [file]', 'for a pull request: write Markdown to the file, or print it')
    .option('-c, --config <file>', 'the configuration file')
    .option('--json', 'print one JSON object')
    .addHelpText('after', HELP)
    .action(async (options: ReplayOptions) => (await import('./replay.ts')).replay(context, options));
}

const SINCE = 'a time (2026-11-20T09:00Z) or how long ago (30m, 24h, 7d)';

function collect(text: string, before: readonly NamedPath[] = []): readonly NamedPath[] {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1)
    throw new GatewayError('USAGE', `"${text}" names no bundle`, {
      mend: 'Write id=path: workflow=./policies/workflow.',
    });
  return [...before, { id: text.slice(0, at), path: text.slice(at + 1) }];
}

const HELP = `
Without a candidate it tells what the policies in force now would decide otherwise than was decided, and whether every
decision on record follows from the policies of its time. Nothing is forwarded, charged or recorded.

Examples:
  mcp-gateway policy replay --since 7d
  mcp-gateway policy replay --candidate workflow=./policies/workflow --fail-on deny_to_allow=0,new_error=0

Exit code ${EXIT.findings} when a threshold is exceeded, or a decision does not come out as it was recorded.`;
