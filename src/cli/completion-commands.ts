import { Argument, type Command } from 'commander';
import { ASK, completionScript, type Shell, SHELLS } from './completion-scripts.ts';
import type { CommandContext } from './context.ts';
import { printLine, printPage, visible } from './terminal.ts';

export function addCompletionCommands(program: Command, context: CommandContext): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .description('print what a shell needs to complete commands, options and ids')
    .addHelpText('after', HELP)
    .action((shell: Shell) => printPage(context.terminal, completionScript(shell)));
  program
    .command(ASK, { hidden: true })
    .argument('[words...]')
    .option('--empty', 'the last word is empty')
    .action(async (words: readonly string[], { empty }: { readonly empty?: boolean }) =>
      answer(program, context, empty === true ? [...words, ''] : words),
    );
}

const HELP = `
Example:
  eval "$(mcp-gateway completion bash)"                          in ~/.bashrc
  eval "$(mcp-gateway completion zsh)"                           in ~/.zshrc, behind compinit
  mcp-gateway completion fish | source                           in ~/.config/fish/config.fish
  mcp-gateway completion powershell | Out-String | Invoke-Expression    in $PROFILE`;

/** Whatever goes wrong: whoever presses a key sees no error. */
async function answer(
  program: Command,
  { terminal, environment }: CommandContext,
  words: readonly string[],
): Promise<void> {
  try {
    const [{ wordsFor }, { idsIn }] = await Promise.all([
      import('./completion-words.ts'),
      import('./completion-ids.ts'),
    ]);
    const found = await wordsFor(program, words, idsIn(environment, configIn(words)));
    // What has nothing to be said about it stands alone: scripts ask for `:files` as a whole line.
    for (const { word, about } of found) printLine(terminal, about === '' ? word : `${word}\t${visible(about)}`);
  } catch {
    // Nothing is offered.
  }
}

/** The configuration that the command line names. */
function configIn(words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => word === '-c' || word === '--config');
  return at < 0 ? undefined : words[at + 1];
}
