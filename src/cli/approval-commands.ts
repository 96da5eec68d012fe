import { type Command, Option } from 'commander';
import { APPROVAL_STATUSES } from '../core/approval.ts';
import type * as Answer from './approval-answer.ts';
import type { AnswerOptions } from './approval-answer.ts';
import type * as Approval from './approval.ts';
import type { ListOptions, ReadOptions } from './approval.ts';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit.ts';
import { parseLimit } from './values.ts';

const load = (): Promise<typeof Approval> => import('./approval.ts');
const loadAnswer = (): Promise<typeof Answer> => import('./approval-answer.ts');

export function addApprovalCommands(program: Command, context: CommandContext): void {
  const approval = program.command('approval').description('look at calls that wait for approval, and answer them');
  withConfig(approval.command('ls').description('list approvals, newest first, and who answers how many how fast'))
    .addOption(new Option('--status <status>', 'only of this status').choices(APPROVAL_STATUSES))
    .option('--limit <n>', 'how many, or all', parseLimit, 50)
    .addHelpText('after', '\nExample:\n  mcp-gateway approval ls --status pending')
    .action(async (options: ListOptions) => (await load()).list(context, options));
  withConfig(
    approval.command('show').argument('<id>', ID).description('print the exact call, its answers and its decisions'),
  )
    .addHelpText('after', '\nExample:\n  mcp-gateway approval show 0199a3f1')
    .action(async (id: string, options: ReadOptions) => (await load()).show(context, id, options));
  for (const [verdict, description] of [
    ['approve', 'let the call run, once'],
    ['deny', 'refuse the call, or take back an approval'],
  ] as const) {
    withConfig(approval.command(verdict).argument('<id>', ID).description(description))
      .option('--reason <text>', 'why; it is recorded')
      .addHelpText('after', `\nExample:\n  mcp-gateway approval ${verdict} 0199a3f1\n${NEEDS}`)
      .action(async (id: string, options: AnswerOptions) =>
        (await loadAnswer()).answer(context, id, { ...options, verdict }),
      );
  }
}

const ID = 'the id of the approval or of a decision that waits for it, or its beginning';

const NEEDS = `
Needs a terminal, where it shows the call and asks. Without one an approver’s key in MCP_GATEWAY_APPROVER_KEY stands for
it. Exit code ${EXIT.signInNeeded} without either, ${EXIT.refused} for somebody who may not answer.`;

function withConfig(command: Command): Command {
  return command.option('-c, --config <file>', 'the configuration file').option('--json', 'print one JSON object');
}
