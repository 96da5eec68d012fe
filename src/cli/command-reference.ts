import type { Command, Option } from 'commander';
import { pathOf } from './completion-words.ts';

/** The page `docs/reference/commands.md`, whole: every command with what it takes and an example. */
export function commandReference(program: Command): string {
  const commands = withAllBelow(program).filter((command) => command.commands.length === 0);
  const global = program.options.filter(({ hidden }) => !hidden);
  return `${[INTRODUCTION, ...global.map(optionRow), '', AFTER, ...commands.map(section)].join('\n')}\n`;
}

/** A command and all below it that people are shown, in their order. */
export function withAllBelow(command: Command): readonly Command[] {
  const shown = command.commands.filter((one) => !one.name().startsWith('__'));
  return [command, ...shown.flatMap(withAllBelow)];
}

/** What stands behind the options in the help of a command: its example, and what else is to be known. */
export function helpAfter(command: Command): string {
  let text = '';
  const before = command.configureOutput();
  command.configureOutput({ ...before, writeOut: (part) => void (text += part) });
  command.outputHelp();
  command.configureOutput(before);
  return text.slice(command.helpInformation().length).trim();
}

function section(command: Command): string {
  const path = pathOf(command);
  const options = command.options.filter(({ hidden }) => !hidden);
  const table = options.length === 0 ? [] : ['', '| Option | What it does |', '|---|---|', ...options.map(optionRow)];
  const after = helpAfter(command);
  return [
    `\n## ${path}\n`,
    `${sentence(command.description())}\n`,
    `\`mcp-gateway ${path} ${command.usage()}\``.replace(/ `$/, '`'),
    ...table,
    ...(after === '' ? [] : ['', '```text', after, '```']),
  ].join('\n');
}

function optionRow({
  flags,
  description,
  defaultValue,
  defaultValueDescription,
  argChoices,
  mandatory,
}: Option): string {
  const standard = defaultValueDescription ?? (typeof defaultValue === 'string' ? defaultValue : '');
  const notes = [
    ...(mandatory ? ['required'] : []),
    ...(argChoices === undefined ? [] : [`one of ${argChoices.join(', ')}`]),
    ...(standard === '' ? [] : [`default: ${standard}`]),
  ];
  const about = notes.length === 0 ? description : `${description} (${notes.join('; ')})`;
  return `| \`${flags.replaceAll('|', '\\|')}\` | ${about.replaceAll('|', '\\|')} |`;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

const INTRODUCTION = `# Commands

<!-- Generated from the program. Do not edit: npx vitest run test/cli/tree.test.ts -u writes it. -->

Answers go to stdout, everything else (notes, progress, log lines, errors) to stderr. An error says what happened to which
thing, and how to mend it. Colours stand on a terminal only; \`NO_COLOR\` and \`FORCE_COLOR\` are respected. Progress is shown on
a terminal only, on stderr, for what takes longer than two seconds. Members of what \`--json\` prints: json-output.md.

| Exit code | Meaning |
|---|---|
| 0 | Done; nothing wrong was found. |
| 1 | The command failed. |
| 2 | It was called with what it does not take. |
| 3 | Something was found: a bad configuration, a failing test or check, a broken log, a threshold that was crossed. |
| 4 | Somebody has to sign in, or a person at a terminal or an approver’s key is needed. |
| 5 | A server or source could not be reached. |
| 6 | It was refused: by policy (\`tool call --exit-status\`), or because this person may not do it. |
| 130 | Interrupted. |

These stand before any command or behind it; in the environment they are \`MCP_GATEWAY_CONFIG\`, \`MCP_GATEWAY_JSON\`,
\`MCP_GATEWAY_QUIET\`, \`MCP_GATEWAY_NO_INPUT\` and \`MCP_GATEWAY_NO_COLOR\`.

| Option | What it does |
|---|---|`;

const AFTER = 'Without a command and with something piped in, the program serves over stdio: `serve --stdio`.';
