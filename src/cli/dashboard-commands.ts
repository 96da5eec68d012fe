import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import type { DashboardOptions } from './dashboard.ts';

export function addDashboardCommands(program: Command, context: CommandContext): void {
  const dashboard = program
    .command('dashboard')
    .description('show the pages in the browser, without a gateway, until it is ended')
    .option('-c, --config <file>', 'the configuration file')
    .option('--log-level <level>', 'debug, info, warn or error', 'info')
    .addHelpText('after', EXAMPLES)
    .action(async (options: DashboardOptions) => (await import('./dashboard.ts')).show(context, options));
  dashboard
    .command('open')
    .description('print a link that signs in to the dashboard that is shown, once, within five minutes')
    .option('-c, --config <file>', 'the configuration file')
    .option('--json', 'print one JSON object')
    .addHelpText('after', NEEDS)
    .action(async (options: DashboardOptions) => (await import('./dashboard.ts')).open(context, options));
}

const EXAMPLES = `
A gateway shows them, too, where dashboard.enabled is set.

Example:
  mcp-gateway dashboard --config mcp-gateway.yaml`;

const NEEDS = `
Whoever opens the link from a terminal may do everything. Without a terminal it may only look, unless an approver’s key in
MCP_GATEWAY_APPROVER_KEY stands for it: then it may answer approvals, too.

Example:
  mcp-gateway dashboard open`;
