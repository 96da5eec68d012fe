import type { Act } from '../core/act.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { DecisionRecord, Outcome } from '../core/record.ts';
import { hexOf } from './chain.ts';
import type { ChainRow } from './chain-row.ts';
import { actRow, decisionRow, isWellFormed, outcomeRowOf } from './log-rows.ts';

/**
 * A row of the log as a line of an export, and back again to the last byte: its body as it lies in the store, with its
 * place in the chain added as further members. A decision has its outcome, a row of its own, within.
 */
export function decisionLine(decision: ChainRow, outcome: ChainRow | Outcome): string {
  const within = 'prev' in outcome ? outcomeText(outcome) : JSON.stringify(outcome);
  return `${decision.row.body.slice(0, -1)}${placeText(decision)},"outcome":${within}}\n`;
}

/** The record of a row that holds to its seal. */
export function recordIn({ row: { body } }: ChainRow): DecisionRecord {
  return JSON.parse(body) as DecisionRecord;
}

/** An act, or an outcome that stands for itself because a later one holds or its decision is not in the export. */
export function rowLine(row: ChainRow): string {
  const text = row.row.kind === 'outcome' ? outcomeText(row) : `${row.row.body.slice(0, -1)}${placeText(row)}}`;
  return `${text}\n`;
}

/** The time of an outcome is not in its body. */
function outcomeText(outcome: ChainRow): string {
  const { body, time } = outcome.row;
  return `${body.slice(0, -1)},"time":${JSON.stringify(time)}${placeText(outcome)}}`;
}

function placeText({ seq, chain, key, prev, hash, row }: ChainRow): string {
  return membersText({ seq, chain, key, instance: row.instance, prev: hexOf(prev), hash: hexOf(hash) });
}

function membersText(members: JsonObject): string {
  return `,${JSON.stringify(members).slice(1, -1)}`;
}

/** The rows of a line; undefined where it is none of an export, or another program has written it anew. */
export function rowsOfLine(line: string): readonly ChainRow[] | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (!isJsonObject(value)) return undefined;
    const rows = rowsIn(line, value);
    return rows?.every(({ row }) => isWellFormed(row)) === true ? rows : undefined;
  } catch {
    return undefined;
  }
}

function rowsIn(line: string, value: JsonObject): readonly ChainRow[] | undefined {
  if (typeof value['effect'] === 'string') return decisionRows(line, value);
  const row = typeof value['verb'] === 'string' ? actOf(line, value) : outcomeOf(line, value);
  return row && [row];
}

function decisionRows(line: string, value: JsonObject): readonly ChainRow[] | undefined {
  const place = placeIn(value);
  const { outcome } = value;
  if (place === undefined || !isJsonObject(outcome)) return undefined;
  const middle = `${place.text},"outcome":`;
  const at = line.lastIndexOf(middle);
  if (at < 0) return undefined;
  const body = `${line.slice(0, at)}}`;
  const decision: ChainRow = {
    ...place.chained,
    row: decisionRow(JSON.parse(body) as DecisionRecord, body, place.instance),
  };
  // None was recorded.
  if (outcome['seq'] === 0) return [decision];
  const later = outcomeOf(line.slice(at + middle.length, -1), outcome);
  return later && [decision, later];
}

function outcomeOf(text: string, value: JsonObject): ChainRow | undefined {
  const place = placeIn(value);
  const { time } = value;
  if (place === undefined || typeof time !== 'string') return undefined;
  const body = bodyOf(text, `,"time":${JSON.stringify(time)}${place.text}}`);
  if (body === undefined) return undefined;
  return { ...place.chained, row: outcomeRowOf(body, { time, instance: place.instance }) };
}

function actOf(text: string, value: JsonObject): ChainRow | undefined {
  const place = placeIn(value);
  const body = place && bodyOf(text, `${place.text}}`);
  if (place === undefined || body === undefined) return undefined;
  return { ...place.chained, row: { ...actRow(JSON.parse(body) as Act, place.instance), body } };
}

function bodyOf(text: string, end: string): string | undefined {
  return text.endsWith(end) ? `${text.slice(0, -end.length)}}` : undefined;
}

interface PlaceIn {
  readonly chained: Omit<ChainRow, 'row'>;
  readonly instance: string;
  readonly text: string;
}

function placeIn({ seq, chain, key, instance, prev, hash }: JsonObject): PlaceIn | undefined {
  if (typeof seq !== 'number' || typeof chain !== 'string' || typeof key !== 'string') return undefined;
  if (typeof instance !== 'string' || typeof prev !== 'string' || typeof hash !== 'string') return undefined;
  const chained = { seq, chain, key, prev: Buffer.from(prev, 'hex'), hash: Buffer.from(hash, 'hex') };
  return { chained, instance, text: membersText({ seq, chain, key, instance, prev, hash }) };
}
