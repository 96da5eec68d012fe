import { type Command, Option } from 'commander';
import type { ProcessEnvironment } from './environment.ts';
import type { Terminal } from './terminal.ts';

/** What may stand before a command as well as behind it, and in the environment as `MCP_GATEWAY_<FLAG>`. */
interface GlobalFlags {
  readonly config?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  /** False where `--no-input` is given. */
  readonly input?: boolean;
  /** False where `--no-color` is given. */
  readonly color?: boolean;
}

/** Is told how the terminal is to be, before any command runs. */
export type ShapeTerminal = (change: (terminal: Terminal) => Terminal) => void;

/** Gives every command the flags that hold for all. */
export function addGlobalFlags(program: Command, environment: ProcessEnvironment, apply: ShapeTerminal): void {
  program
    .option('-c, --config <file>', 'the configuration file')
    .option('--json', 'print one JSON object')
    .option('-q, --quiet', 'say nothing beside the answer, but errors')
    .option('--no-input', 'ask nobody: what would be asked fails instead')
    .option('--no-color', 'no colours');
  for (const command of leavesOf(program)) {
    for (const option of HIDDEN.map((make) => make())) {
      const isTaken = command.options.some(
        ({ long, short }) => long === option.long || (short !== undefined && short === option.short),
      );
      if (!isTaken) command.addOption(option.hideHelp());
    }
  }
  program.hook('preAction', (_program, command) => {
    const flags = { ...flagsIn(environment), ...givenTo(program), ...givenTo(command) };
    for (const name of ['config', 'json'] as const) hand(command, name, flags[name]);
    apply((terminal) => shaped(terminal, flags));
  });
}

const HIDDEN = [
  () => new Option('-q, --quiet'),
  () => new Option('--no-input'),
  () => new Option('--no-color'),
] as const;

function leavesOf(command: Command): readonly Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
}

/** Only what was typed: a default says nothing. */
function givenTo(command: Command): GlobalFlags {
  const options = command.options.map((option) => option.attributeName());
  const typed = options.filter((name) => command.getOptionValueSource(name) === 'cli');
  return Object.fromEntries(typed.map((name): [string, unknown] => [name, command.getOptionValue(name)]));
}

/** `MCP_GATEWAY_CONFIG` is looked up where the file is. */
function flagsIn({ variables }: ProcessEnvironment): GlobalFlags {
  const isSet = (name: string): boolean => !['', '0', 'false', undefined].includes(variables[`MCP_GATEWAY_${name}`]);
  return {
    ...(isSet('JSON') && { json: true }),
    ...(isSet('QUIET') && { quiet: true }),
    ...(isSet('NO_INPUT') && { input: false }),
    ...(isSet('NO_COLOR') && { color: false }),
  };
}

/** To a command that takes it and was not told itself. */
function hand(command: Command, name: string, value: unknown): void {
  const takes = command.options.some((option) => option.attributeName() === name);
  if (takes && value !== undefined && command.getOptionValueSource(name) !== 'cli') {
    command.setOptionValueWithSource(name, value, 'env');
  }
}

function shaped(terminal: Terminal, { quiet, input, color }: GlobalFlags): Terminal {
  return {
    ...terminal,
    ...(quiet === true && { isQuiet: true }),
    ...(input === false && { asksNobody: true }),
    ...(color === false && { isPlain: true }),
  };
}
