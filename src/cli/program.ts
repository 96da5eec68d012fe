import { Command, CommanderError } from 'commander';
import { addAgentCommands } from './agent-commands.ts';
import { addBudgetCommands } from './budget-commands.ts';
import { addApprovalCommands } from './approval-commands.ts';
import { addClientCommands } from './client-commands.ts';
import { addBundleCommands } from './bundle-commands.ts';
import { addCompletionCommands } from './completion-commands.ts';
import { addConfigCommands } from './config-commands.ts';
import { addDashboardCommands } from './dashboard-commands.ts';
import { addDecisionCommands } from './decision-commands.ts';
import type { CommandContext } from './context.ts';
import { readEnvironment } from './environment.ts';
import { EXIT, printError } from './exit.ts';
import { addGlobalFlags, type ShapeTerminal } from './global-flags.ts';
import { addKeyCommands } from './key-commands.ts';
import { addLabelCommands } from './label-commands.ts';
import { addPauseCommand } from './pause-command.ts';
import { addPolicyCommands } from './policy-commands.ts';
import { addInitCommand } from './init-commands.ts';
import { addSecretCommands } from './secret-commands.ts';
import { addServeCommand } from './serve-command.ts';
import { addServerCommands } from './server-commands.ts';
import { addStatusCommands } from './status-commands.ts';
import { printJson, printLine, type Terminal, visible } from './terminal.ts';
import { addToolCommands } from './tool-commands.ts';
import { VERSION } from './version.ts';

/** Runs one command; the exit code. Without a command and with something piped in, it serves over stdio. */
export async function runCli(args: readonly string[]): Promise<number> {
  const terminal: Terminal = { in: process.stdin, out: process.stdout, err: process.stderr };
  const told = withDefault(args);
  // A server closes in order when its client goes away.
  if (!told.includes('serve')) {
    process.stdout.on('error', endQuietly);
    process.stderr.on('error', goOnUnheard);
  }
  return runIn({ terminal, environment: readEnvironment() }, told);
}

/** Whoever reads has read enough, such as `head`. */
function endQuietly(problem: NodeJS.ErrnoException): void {
  if (problem.code !== 'EPIPE') throw problem;
  process.exit(EXIT.done);
}

/** What is said beside the answer is no reason to stop in the middle. */
function goOnUnheard(problem: NodeJS.ErrnoException): void {
  if (problem.code !== 'EPIPE') throw problem;
}

/** Runs one command where its surroundings are given; the exit code. Throws nothing. */
export async function runIn(surroundings: Omit<CommandContext, 'setExit'>, args: readonly string[]): Promise<number> {
  let { terminal } = surroundings;
  let exit: number = EXIT.done;
  const context: CommandContext = {
    ...surroundings,
    // How it is to be is known only when the flags have been read.
    get terminal() {
      return terminal;
    },
    setExit: (code) => (exit = code),
  };
  try {
    const program = wholeProgram(context, (change) => (terminal = change(terminal)));
    await program.parseAsync(args, { from: 'user' });
    return exit;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.done : EXIT.usage;
    return printError(terminal, thrown);
  }
}

function withDefault(args: readonly string[]): readonly string[] {
  const isPiped = !process.stdin.isTTY;
  return args.length === 0 && isPiped ? ['serve', '--stdio'] : args;
}

/** All commands with the flags that hold for all of them; `shape` hears how the terminal is to be. */
export function wholeProgram(context: CommandContext, shape: ShapeTerminal = () => undefined): Command {
  const program = programFor(context);
  addGlobalFlags(program, context.environment, shape);
  return program;
}

/** All commands, without those flags. */
export function programFor(context: CommandContext): Command {
  const program = new Command('mcp-gateway')
    .description('One MCP server in front of all others: decides every call by policy, records it, and says why.')
    .version(VERSION, '-V, --version')
    .exitOverride()
    // `server update --version` has a flag of that name of its own.
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => void context.terminal.out.write(text),
      // Arguments are repeated in what is said of them, and a script may have taken them from anywhere.
      writeErr: (text) => void context.terminal.err.write(text.split('\n').map(visible).join('\n')),
    })
    .showHelpAfterError('Run the command with --help to see what it takes.');
  addInitCommand(program, context);
  addServeCommand(program, context);
  addStatusCommands(program, context);
  addPauseCommand(program, context);
  addClientCommands(program, context);
  addServerCommands(program, context);
  addToolCommands(program, context);
  addAgentCommands(program, context);
  addApprovalCommands(program, context);
  addKeyCommands(program, context);
  addSecretCommands(program, context);
  addDecisionCommands(program, context);
  addLabelCommands(program, context);
  addPolicyCommands(program, context);
  addBudgetCommands(program, context);
  addBundleCommands(program, context);
  addConfigCommands(program, context);
  addDashboardCommands(program, context);
  addCompletionCommands(program, context);
  program
    .command('version')
    .description('print the version')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  mcp-gateway version --json')
    .action(({ json }: { json?: boolean }) => {
      if (json === true) printJson(context.terminal, 'version', { version: VERSION, node: process.versions.node });
      else printLine(context.terminal, VERSION);
    });
  return program;
}
