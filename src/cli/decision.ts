import { setTimeout as wait } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import type { Effect } from '../core/decision.ts';
import type { SealedRecord } from '../core/record.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import { verifyLog } from '../state/verify.ts';
import { type ConfigOption, readConfig } from './config.ts';
import { printExplanation } from './explanation.ts';
import { EXIT } from './exit.ts';
import type { CommandContext } from './program.ts';
import { printStatistics } from './statistics.ts';
import { paint, printJson, printLine, printTable, type Terminal } from './terminal.ts';
import { parseLimit, parseMoment } from './values.ts';

interface JsonOption extends ConfigOption {
  readonly json?: boolean;
}

interface ListOptions extends JsonOption {
  readonly limit: number;
  readonly since?: number;
  readonly until?: number;
  readonly effect?: Effect;
  readonly server?: string;
  readonly tool?: string;
  readonly reason?: string;
  readonly agent?: string;
  readonly user?: string;
}

export function addDecisionCommands(program: Command, context: CommandContext): void {
  const decision = program.command('decision').description('look at recorded decisions');
  filtered(withConfig(decision.command('ls').description('list decisions, newest first')))
    .option('--limit <n>', 'how many, or all', parseLimit, 50)
    .addHelpText('after', '\nExample:\n  mcp-gateway decision ls --effect deny --since 24h')
    .action((options: ListOptions) => reading(context, options, (reader) => list(context, reader, options)));
  withConfig(
    decision.command('show').argument('<id>', 'the id, or its beginning').description('print one decision'),
  ).action((id: string, options: JsonOption) =>
    reading(context, options, (reader) => show(context, reader, { id, ...options })),
  );
  withConfig(decision.command('explain').argument('[id]', 'the id, or its beginning; without one the last denial'))
    .description('say one decision in words')
    .action((id: string | undefined, options: JsonOption) => explainOne(context, id, options));
  withConfig(program.command('explain').argument('[id]', 'the id, or its beginning; without one the last denial'))
    .description('say one decision in words')
    .action((id: string | undefined, options: JsonOption) => explainOne(context, id, options));
  filtered(
    withConfig(decision.command('tail').description('print decisions as they are made, until interrupted')),
  ).action((options: ListOptions) => reading(context, options, (reader) => tail(context, reader, options)));
  withConfig(decision.command('stats').description('count decisions, and how long they took'))
    .option('--since <time>', 'a time (2026-11-20T09:00Z) or how long ago (30m, 24h, 7d)', parseMoment)
    .action((options: ListOptions) => reading(context, options, (reader) => stats(context, reader, options)));
  withConfig(decision.command('verify').description('prove that the log is whole, or name the first bad record'))
    .addHelpText('after', `\nExit code ${EXIT.findings} when the log is not whole.`)
    .action((options: JsonOption) => verify(context, options));
}

function withConfig(command: Command): Command {
  return command.option('-c, --config <file>', 'the configuration file').option('--json', 'print one JSON object');
}

function filtered(command: Command): Command {
  return command
    .option('--since <time>', 'a time (2026-11-20T09:00Z) or how long ago (30m, 24h, 7d)', parseMoment)
    .option('--until <time>', 'likewise', parseMoment)
    .addOption(new Option('--effect <effect>', 'allow, deny or pending').choices(['allow', 'deny', 'pending']))
    .option('--server <id>', 'only of this server')
    .option('--tool <name>', 'only of this tool')
    .option('--reason <code>', 'only with this reason')
    .option('--agent <id>', 'only of this agent')
    .option('--user <id>', 'only of this user');
}

async function reading(
  context: CommandContext,
  options: ConfigOption,
  work: (reader: DecisionReader) => Promise<void>,
): Promise<void> {
  const { config } = readConfig(context, options);
  const reader = new DecisionReader({ path: config.decisions.store.path });
  try {
    await work(reader);
  } finally {
    reader.close();
  }
}

async function list({ terminal }: CommandContext, reader: DecisionReader, options: ListOptions): Promise<void> {
  const decisions = await reader.list(options);
  if (options.json === true) return printJson(terminal, 'decision-ls', { decisions });
  const rows = decisions.map(rowOf);
  return printTable(terminal, ['time', 'effect', 'agent', 'what', 'reason', 'outcome', 'id'], rows);
}

function rowOf(record: SealedRecord): readonly string[] {
  const what =
    record.tool === '' ? record.action : [record.server, record.tool].filter((part) => part !== '').join('.');
  return [
    record.time.slice(0, 19).replace('T', ' '),
    record.effect,
    record.principal.agent.id,
    what,
    record.reasons.join(' ') || '-',
    record.outcome?.status ?? '-',
    record.id,
  ];
}

async function show(
  { terminal }: CommandContext,
  reader: DecisionReader,
  options: JsonOption & { readonly id: string },
): Promise<void> {
  const decision = await reader.find(options.id);
  if (options.json === true) return printJson(terminal, 'decision-show', { decision });
  return printLine(terminal, JSON.stringify(decision, null, 2));
}

async function explainOne(context: CommandContext, id: string | undefined, options: JsonOption): Promise<void> {
  await reading(context, options, async (reader) => {
    const [last] = id === undefined ? await reader.list({ limit: 1, effect: 'deny' }) : [await reader.find(id)];
    if (last === undefined) printLine(context.terminal, 'Nothing has been denied.');
    else printExplanation(context.terminal, last, { wordsOf: () => undefined, json: options.json === true });
  });
}

const POLL_MS = 250;

async function tail({ terminal }: CommandContext, reader: DecisionReader, options: ListOptions): Promise<void> {
  let seq = await reader.lastSeq();
  for (;;) {
    const { records, lastSeq } = await reader.tail(seq);
    seq = lastSeq;
    for (const record of records.filter((candidate) => fits(candidate, options))) {
      if (options.json === true) printLine(terminal, JSON.stringify(record));
      else printLine(terminal, tailLine(terminal, record));
    }
    await wait(POLL_MS);
  }
}

function fits(record: SealedRecord, { effect, server, tool, reason, agent, user }: ListOptions): boolean {
  return (
    (effect ?? record.effect) === record.effect &&
    (server ?? record.server) === record.server &&
    (tool ?? record.tool) === record.tool &&
    (reason === undefined || record.reasons.includes(reason)) &&
    (agent ?? record.principal.agent.id) === record.principal.agent.id &&
    (user ?? record.principal.user.id) === record.principal.user.id
  );
}

const EFFECT_STYLES = { allow: 'green', deny: 'red', pending: 'yellow' } as const;

function tailLine(terminal: Terminal, record: SealedRecord): string {
  const [time = '', effect = '', ...rest] = rowOf(record);
  const shown = paint(terminal, EFFECT_STYLES[record.effect], effect.padEnd(7));
  return `${time.slice(11)}  ${shown}  ${rest.join('  ')}`;
}

async function stats({ terminal }: CommandContext, reader: DecisionReader, options: ListOptions): Promise<void> {
  const statistics = await reader.statistics(options.since ?? 0);
  if (options.json === true) return printJson(terminal, 'decision-stats', { ...statistics });
  return printStatistics(terminal, statistics);
}

async function verify(context: CommandContext, options: JsonOption): Promise<void> {
  const { config } = readConfig(context, options);
  const verdict = await verifyLog({ path: config.decisions.store.path, home: context.environment.home });
  if (verdict.kind !== 'ok') context.setExit(EXIT.findings);
  if (options.json === true) return printJson(context.terminal, 'decision-verify', { verdict });
  if (verdict.kind === 'ok') {
    return printLine(
      context.terminal,
      `ok: ${verdict.rows} records, the last is #${verdict.seq} ${verdict.hash.slice(0, 12)}`,
    );
  }
  return printLine(context.terminal, `${verdict.kind} at #${verdict.seq} ${verdict.id}: ${verdict.why}`);
}
