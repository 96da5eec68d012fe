import { setTimeout as wait } from 'node:timers/promises';
import { storePlaceOf } from '../app/store-place.ts';
import type { Config } from '../config/paths.ts';
import type { Effect } from '../core/decision.ts';
import type { SealedRecord } from '../core/record.ts';
import { visibleJson } from '../core/visible-json.ts';
import { readWords, wordsFact } from '../review/rule-words.ts';
import { shownRecord } from '../review/shown-record.ts';
import { openMaterial } from '../state/audit.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import { type ConfigOption, readConfig } from './config.ts';
import { type ExplanationOptions, printExplanation } from './explanation.ts';
import type { CommandContext } from './context.ts';
import { printStatistics } from './statistics.ts';
import { jsonText, paint, printJson, printLine, printPrettyJson, printTable, type Terminal } from './terminal.ts';

export interface ReadOptions extends ConfigOption {
  readonly json?: boolean;
}

export interface ShowOptions extends ReadOptions {
  readonly audit?: boolean;
}

export interface ListOptions extends ReadOptions {
  readonly acts?: boolean;
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

export function list(context: CommandContext, options: ListOptions): Promise<void> {
  const { terminal } = context;
  return reading(context, options, async (reader) => {
    const decisions = await reader.list(options);
    if (options.json === true) return printJson(terminal, 'decision-ls', { decisions: decisions.map(shownRecord) });
    return printTable(terminal, ['time', 'id', 'effect', 'what', 'reason', 'outcome', 'agent'], decisions.map(rowOf));
  });
}

export function listActs(context: CommandContext, options: ListOptions): Promise<void> {
  const { terminal } = context;
  return reading(context, options, async (reader) => {
    const acts = await reader.acts(options);
    if (options.json === true) return printJson(terminal, 'decision-acts', { acts });
    const rows = acts.map(({ time, id, verb, subject, actor, via, reason }) => {
      return [secondsIn(time), id.slice(0, SHORT_ID), verb, subject, actor, via, reason || '-'];
    });
    return printTable(terminal, ['time', 'id', 'what', 'subject', 'who', 'via', 'reason'], rows);
  });
}

export function show(context: CommandContext, id: string, options: ShowOptions): Promise<void> {
  const { terminal } = context;
  return reading(context, options, async (reader, { decisions }) => {
    const decision = shownRecord(await reader.find(id));
    const material = options.audit === true ? await reader.material(decision.id) : [];
    const opened = material.map((kept) => [kept.part, openMaterial(kept, decisions.auditKey)] as const);
    // Texts of JSON, in which big integers stand as they came.
    const texts: Readonly<Record<string, string>> = Object.fromEntries(opened);
    if (options.json === true) {
      return printJson(terminal, 'decision-show', { decision, ...(options.audit === true ? { audit: texts } : {}) });
    }
    printPrettyJson(terminal, decision);
    if (options.audit !== true) return;
    if (opened.length === 0) printLine(terminal, 'No rule demanded that more is kept.');
    for (const [part, text] of opened) printLine(terminal, `${part}: ${visibleJson(text)}`);
  });
}

export function explain(context: CommandContext, id: string | undefined, options: ReadOptions): Promise<void> {
  return reading(context, options, async (reader) => {
    const [found] = id === undefined ? await reader.list({ limit: 1, effect: 'deny' }) : [await reader.find(id)];
    if (found === undefined) return printLine(context.terminal, 'Nothing has been denied.');
    return printExplanation(context.terminal, found, {
      words: await wordsFor(found, reader),
      json: options.json === true,
    });
  });
}

async function wordsFor(record: SealedRecord, reader: DecisionReader): Promise<ExplanationOptions['words']> {
  const words = record.layers.map(async ({ bundle, digest }) => {
    return [digest, readWords(await reader.fact(bundle, wordsFact(digest)))] as const;
  });
  return new Map(await Promise.all(words));
}

const POLL_MS = 250;

export function tail(context: CommandContext, options: ListOptions): Promise<void> {
  const { terminal } = context;
  return reading(context, options, async (reader) => {
    let seq = await reader.lastSeq();
    for (;;) {
      const { records, lastSeq } = await reader.tail(seq);
      seq = lastSeq;
      for (const record of records.filter((candidate) => fits(candidate, options))) {
        printLine(terminal, options.json === true ? jsonText(shownRecord(record)) : tailLine(terminal, record));
      }
      await wait(POLL_MS);
    }
  });
}

export function stats(context: CommandContext, options: ListOptions): Promise<void> {
  const { terminal } = context;
  return reading(context, options, async (reader) => {
    const statistics = await reader.statistics(options.since ?? 0);
    if (options.json === true) return printJson(terminal, 'decision-stats', { ...statistics });
    return printStatistics(terminal, statistics);
  });
}

async function reading(
  context: CommandContext,
  options: ConfigOption,
  work: (reader: DecisionReader, config: Config) => Promise<void>,
): Promise<void> {
  const { config } = readConfig(context, options);
  const reader = new DecisionReader(storePlaceOf(config));
  try {
    await work(reader, config);
  } finally {
    await reader.close();
  }
}

/** What must not be cut comes first. The beginning of an id is enough to find it by. */
function rowOf(record: SealedRecord): readonly string[] {
  const what =
    record.tool === '' ? record.action : [record.server, record.tool].filter((part) => part !== '').join('.');
  return [
    secondsIn(record.time),
    record.id.slice(0, SHORT_ID),
    record.effect,
    what,
    record.reasons.join(' ') || '-',
    record.outcome?.status ?? '-',
    record.principal.agent.id,
  ];
}

function secondsIn(time: string): string {
  return time.slice(0, 19).replace('T', ' ');
}

/** Time and counter of a UUID version 7: two decisions of one process never share them. */
const SHORT_ID = 18;

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
  const [time = '', id = '', effect = '', ...rest] = rowOf(record);
  const shown = paint(terminal, EFFECT_STYLES[record.effect], effect.padEnd(7));
  return `${time.slice(11)}  ${id}  ${shown}  ${rest.join('  ')}`;
}
