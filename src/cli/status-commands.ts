import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import type { DoctorOptions } from './doctor.ts';
import { EXIT } from './exit.ts';
import type { StatusOptions } from './status.ts';

/** What is, and what is wrong. */
export function addStatusCommands(program: Command, context: CommandContext): void {
  program
    .command('status')
    .description('say what runs and decides now; also while nothing runs')
    .option('-c, --config <file>', 'the configuration file')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  mcp-gateway status')
    .action(async (options: StatusOptions) => (await import('./status.ts')).status(context, options));
  program
    .command('doctor')
    .description('look for what is wrong, and name the command that mends it')
    .option('--fix', 'mend what can be mended without losing anything, and say what was done')
    .option('--offline', 'start no server')
    .option('--no-start', 'the same')
    .option('-c, --config <file>', 'the configuration file')
    .option('--json', 'print one JSON object')
    .addHelpText('after', `\nExample:\n  mcp-gateway doctor --fix\n\nExit code ${EXIT.findings} when something fails.`)
    .action(async (options: DoctorOptions) => (await import('./doctor.ts')).doctor(context, options));
}
