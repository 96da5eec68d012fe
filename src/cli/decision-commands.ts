import { type Command, Option } from 'commander';
import type * as Decision from './decision.ts';
import type { ListOptions, ReadOptions, ShowOptions } from './decision.ts';
import type { VerifyOptions } from './decision-verify.ts';
import { EXIT } from './exit.ts';
import type { ExportOptions } from './export.ts';
import type { CommandContext } from './context.ts';
import type { RotateOptions } from './rotate-key.ts';
import { parseLimit, parseMoment } from './values.ts';

/** What reads the log is loaded when a command needs it, so that the others start without it. */
const load = (): Promise<typeof Decision> => import('./decision.ts');

export function addDecisionCommands(program: Command, context: CommandContext): void {
  const decision = program.command('decision').description('look at recorded decisions');
  filtered(withConfig(decision.command('ls').description('list decisions, newest first')))
    .option('--limit <n>', 'how many, or all', parseLimit, 50)
    .option('--acts', 'what is recorded and is no decision, such as budgets that were adjusted; only times narrow it')
    .addHelpText('after', '\nExample:\n  mcp-gateway decision ls --effect deny --since 24h')
    .action(async (options: ListOptions) => {
      const { list, listActs } = await load();
      return options.acts === true ? listActs(context, options) : list(context, options);
    });
  withConfig(decision.command('show').argument('<id>', 'the id, or its beginning').description('print one decision'))
    .option('--audit', 'also what a rule demanded to be kept whole; where it is sealed, with decisions.auditKey')
    .addHelpText('after', '\nExample:\n  mcp-gateway decision show 0199a3f1 --json')
    .action(async (id: string, options: ShowOptions) => (await load()).show(context, id, options));
  for (const parent of [decision, program]) {
    withConfig(parent.command('explain').argument('[id]', 'the id, or its beginning; without one the last denial'))
      .description('say one decision in words')
      .addHelpText('after', `\nExample:\n  mcp-gateway ${parent === program ? '' : 'decision '}explain 0199a3f1`)
      .action(async (id: string | undefined, options: ReadOptions) => (await load()).explain(context, id, options));
  }
  filtered(withConfig(decision.command('tail').description('print decisions as they are made, until interrupted')))
    .addHelpText('after', '\nExample:\n  mcp-gateway decision tail --effect deny')
    .action(async (options: ListOptions) => (await load()).tail(context, options));
  withConfig(decision.command('stats').description('count decisions, and how long they took'))
    .option('--since <time>', SINCE, parseMoment)
    .addHelpText('after', '\nExample:\n  mcp-gateway decision stats --since 24h')
    .action(async (options: ListOptions) => (await load()).stats(context, options));
  filtered(withConfig(decision.command('export').description('write decisions for other programs, oldest first')))
    .addOption(
      new Option(
        '--format <format>',
        'jsonl: whole records; csv: a row of each; opa: as OPA’s decision log has them; ocsf: as API Activity of OCSF 1.8',
      )
        .choices(['jsonl', 'csv', 'opa', 'ocsf'])
        .default('jsonl'),
    )
    .addOption(
      new Option('--limit <n>', 'only so many of the newest').argParser(parseLimit).default(parseLimit('all'), 'all'),
    )
    .option('--out <file>', 'write to this file in place of stdout')
    .addHelpText('after', `\nExample:\n  mcp-gateway decision export --since 7d --out week.jsonl\n\n${EXPORTED}`)
    .action(async (options: ExportOptions) => (await import('./export.ts')).exportDecisions(context, options));
  withConfig(decision.command('verify').description('prove that the log is whole, or name the first bad record'))
    .option('--export <file>', 'verify this export in place of the log; neither store nor configuration is needed')
    .option('--checkpoints <file>', 'hold it to these checkpoints; without it to those of MCP_GATEWAY_HOME')
    .option('--public-key <file>', 'who has signed them; without it checkpoint.pub of MCP_GATEWAY_HOME')
    .addHelpText('after', VERIFIED)
    .action(async (options: VerifyOptions) => (await import('./decision-verify.ts')).verify(context, options));
  withConfig(decision.command('rotate-key').description('seal the log with a new key from now on'))
    .option('--reason <text>', 'why; it is recorded')
    .addOption(new Option('--prepare', 'make the key and use it another time').conflicts('reason'))
    .addHelpText('after', ROTATED)
    .action(async (options: RotateOptions) => (await import('./rotate-key.ts')).rotate(context, options));
}

const EXPORTED = `An export is masked as the log is. Exit code ${EXIT.findings} when a row was left out because it was changed.`;

const ROTATED = `
Where several hosts share a store, prepare the key, copy it to all of them, then rotate where it was prepared.

Examples:
  mcp-gateway decision rotate-key --reason "Sam has left"
  mcp-gateway decision rotate-key --prepare`;

const VERIFIED = `
Says ok, or the first bad record and what is wrong: edited, missing, truncated, replaced, rekeyed.
Exit code ${EXIT.findings} when something is.

Examples:
  mcp-gateway decision verify
  mcp-gateway decision verify --export week.jsonl --checkpoints checkpoints.jsonl --public-key checkpoint.pub`;

const SINCE = 'a time (2026-11-20T09:00Z) or how long ago (30m, 24h, 7d)';

function withConfig(command: Command): Command {
  return command.option('-c, --config <file>', 'the configuration file').option('--json', 'print one JSON object');
}

function filtered(command: Command): Command {
  return command
    .option('--since <time>', SINCE, parseMoment)
    .option('--until <time>', 'likewise', parseMoment)
    .addOption(new Option('--effect <effect>', 'allow, deny or pending').choices(['allow', 'deny', 'pending']))
    .option('--server <id>', 'only of this server')
    .option('--tool <name>', 'only of this tool')
    .option('--reason <code>', 'only with this reason')
    .option('--agent <id>', 'only of this agent')
    .option('--user <id>', 'only of this user');
}
