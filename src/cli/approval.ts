import { findApprovals } from '../app/approvals.ts';
import { storePlaceOf } from '../app/store-place.ts';
import { type Approval, approversOf, type ApprovalStatus } from '../core/approval.ts';
import type { SealedRecord } from '../core/record.ts';
import type { Answering, ApprovalBook } from '../state/approval-book.ts';
import { readApprovals } from '../state/approval-reader.ts';
import { DecisionReader } from '../state/decision-reader.ts';
import { type ConfigOption, readConfig } from './config.ts';
import type { CommandContext } from './context.ts';
import { clock } from './server-sign-ins.ts';
import { callLines, shownApproval } from './shown-approval.ts';
import { printJson, printLine, printTable, type Terminal, visible } from './terminal.ts';

export interface ReadOptions extends ConfigOption {
  readonly json?: boolean;
}

interface Reading {
  readonly book: ApprovalBook;
  readonly decisions: DecisionReader;
  readonly nowMs: number;
}

export interface ListOptions extends ReadOptions {
  readonly limit: number;
  readonly status?: ApprovalStatus;
}

export function list(context: CommandContext, options: ListOptions): Promise<void> {
  const { terminal } = context;
  return reading(context, options, async ({ book, nowMs }) => {
    const { limit, status } = options;
    const approvals = await book.list({ limit, status, nowMs });
    const answering = await book.answering(nowMs);
    if (options.json === true) {
      const shown = approvals.map((approval) => shownApproval(approval, nowMs));
      return printJson(terminal, 'approval-ls', { approvals: shown, answering: answering.map(shownAnswering) });
    }
    if (approvals.length === 0) printLine(terminal, 'Nothing waits for approval, and nothing did.');
    else
      printTable(
        terminal,
        HEADER,
        approvals.map((approval) => rowOf(approval, nowMs)),
      );
    return printAnswering(terminal, answering);
  });
}

export function show(context: CommandContext, id: string, options: ReadOptions): Promise<void> {
  const { terminal } = context;
  return reading(context, options, async ({ book, decisions, nowMs }) => {
    const approvals = await findApprovals(id, { book, decisions, nowMs });
    const answering = await book.answering(nowMs);
    const ran = await Promise.all(approvals.map(({ usedBy }) => decisionOf(usedBy, decisions)));
    if (options.json === true) {
      const shown = approvals.map((approval, index) => ({
        ...shownApproval(approval, nowMs),
        outcome: ran[index]?.outcome?.status ?? '',
      }));
      return printJson(terminal, 'approval-show', { approvals: shown, answering: answering.map(shownAnswering) });
    }
    approvals.forEach((approval, index) => {
      if (index > 0) printLine(terminal, '');
      for (const line of [...callLines(approval, nowMs), ...storyOf(approval, ran[index])])
        printLine(terminal, visible(line));
    });
    return printAnswering(terminal, answering);
  });
}

async function decisionOf(id: string, decisions: DecisionReader): Promise<SealedRecord | undefined> {
  return id === '' ? undefined : decisions.find(id).catch(() => undefined);
}

async function reading(
  context: CommandContext,
  options: ConfigOption,
  work: (reading: Reading) => Promise<void>,
): Promise<void> {
  const { config } = readConfig(context, options);
  const place = storePlaceOf(config);
  const approvals = readApprovals(place);
  const decisions = new DecisionReader(place);
  try {
    await work({ book: approvals.book, decisions, nowMs: (await decisions.clock(clock)).now() });
  } finally {
    await approvals.close();
    await decisions.close();
  }
}

const HEADER = ['asked', 'id', 'status', 'what', 'by', 'for', 'votes', 'waited'];
const SHORT_ID = 18;

function rowOf(approval: Approval, nowMs: number): readonly string[] {
  const { id, by, status, shown, requester, quorum, createdMs } = approval;
  const what = shown.tool === '' ? `${shown.server} ${shown.action} ${shown.about}` : `${shown.server}.${shown.tool}`;
  return [
    new Date(createdMs).toISOString().slice(0, 19).replace('T', ' '),
    id.slice(0, SHORT_ID),
    status,
    what,
    by,
    `${requester.agent} (${requester.user})`,
    `${approversOf(approval).length}/${quorum}`,
    secondsText(shownApproval(approval, nowMs).waited_seconds),
  ];
}

function storyOf({ id, asked, lastAsked, uses, usedBy }: Approval, ran: SealedRecord | undefined): readonly string[] {
  const times = asked === 1 ? '' : `, ${asked} times, last by decision ${lastAsked}`;
  const outcome = ran === undefined ? '' : `, which ended ${ran.outcome?.status ?? 'not yet'}`;
  return [
    `asked  by decision ${id}${times}`,
    ...(uses === 0 ? [] : [`ran    ${uses === 1 ? 'once' : `${uses} times`}, by decision ${usedBy}${outcome}`]),
  ];
}

/** Somebody who answers many at once does not read them. */
function printAnswering(terminal: Terminal, answering: readonly Answering[]): void {
  if (answering.length === 0) return;
  printLine(terminal, '');
  for (const { person, answers, medianSeconds } of answering) {
    const count = answers === 1 ? '1 answer' : `${answers} answers`;
    printLine(terminal, visible(`${person}: ${count} in the last hour, after ${secondsText(medianSeconds)} (median)`));
  }
}

function shownAnswering({ person, answers, medianSeconds }: Answering): object {
  return { person, answers_last_hour: answers, median_seconds: medianSeconds };
}

function secondsText(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
