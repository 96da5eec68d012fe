import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { GatewayError, messageOf } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';
import type { SealedRecord } from '../core/record.ts';
import type { DecisionFilter } from '../state/decision-query.ts';
import type { ReadDecision } from '../state/sealed-decisions.ts';

const RECORDS_AT_ONCE = 200;

/**
 * The decisions of an export, JSON text of one a line, in pages. Nobody can say of an export whether it is what was
 * written. Throws STORE_UNAVAILABLE with the line that is no record.
 */
export async function* readExport(path: string, filter: DecisionFilter): AsyncGenerator<readonly ReadDecision[]> {
  let page: ReadDecision[] = [];
  const { limit } = filter;
  const isLimited = limit < Number.MAX_SAFE_INTEGER;
  for await (const record of recordsIn(path)) {
    if (!fits(record, filter)) continue;
    page.push({ kind: 'whole', record });
    if (isLimited && page.length >= 2 * limit) page = page.slice(-limit);
    if (isLimited || page.length < RECORDS_AT_ONCE) continue;
    yield page;
    page = [];
  }
  const last = isLimited ? page.slice(-limit) : page;
  if (last.length > 0) yield last;
}

async function* recordsIn(path: string): AsyncGenerator<SealedRecord> {
  let number = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      const record = line.trim() === '' ? undefined : parse(line, `${path}:${number}`);
      if (record !== undefined) yield record;
    }
  } catch (thrown) {
    if (thrown instanceof GatewayError) throw thrown;
    throw new GatewayError('STORE_UNAVAILABLE', `${path} cannot be read: ${messageOf(thrown)}`, { cause: thrown });
  }
}

/** Undefined for what is no decision: acts, and outcomes that stand for themselves. */
function parse(line: string, place: string): SealedRecord | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (isRecord(value)) return value;
    if (isJsonObject(value) && (typeof value['verb'] === 'string' || typeof value['status'] === 'string'))
      return undefined;
  } catch {
    // Said below.
  }
  throw new GatewayError('STORE_UNAVAILABLE', `${place} is no record of a decision`, {
    mend: 'Write the file with `mcp-gateway decision export --format jsonl --out FILE`.',
  });
}

const TEXTS = ['id', 'time', 'generation', 'server', 'tool', 'action', 'effect'] as const;
const OBJECTS = ['principal', 'combine', 'input', 'budgets', 'replayable', 'obligations'] as const;
const LISTS = ['layers', 'reasons', 'matched_rules', 'lifted'] as const;

function isRecord(value: unknown): value is SealedRecord {
  return (
    isJsonObject(value) &&
    TEXTS.every((name) => typeof value[name] === 'string') &&
    OBJECTS.every((name) => isJsonObject(value[name])) &&
    LISTS.every((name) => Array.isArray(value[name]))
  );
}

function fits(record: SealedRecord, { since, until, server, tool, agent }: DecisionFilter): boolean {
  const at = Date.parse(record.time);
  return (
    at >= (since ?? Number.NEGATIVE_INFINITY) &&
    at < (until ?? Number.POSITIVE_INFINITY) &&
    (server ?? record.server) === record.server &&
    (tool ?? record.tool) === record.tool &&
    (agent ?? record.principal.agent.id) === record.principal.agent.id
  );
}
