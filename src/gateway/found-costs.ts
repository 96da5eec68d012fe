import { type Charge, MOST, PARTS } from '../core/charge.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { writeJson } from '../core/lossless-json.ts';
import { type FoundCost, isOfCounter } from '../core/settlement.ts';
import type { Forwarded } from './forward.ts';

const NONE: ReadonlyMap<string, FoundCost> = new Map();
/** The usual rule of thumb for English text and JSON. */
const BYTES_PER_TOKEN = 4;

/** What a request really cost, by counter, as far as its answer says. */
export function costsIn(charges: readonly Charge[], forwarded: Forwarded): ReadonlyMap<string, FoundCost> {
  if (forwarded.kind !== 'answered' || forwarded.answer.kind === 'failure') return NONE;
  const { result } = forwarded.answer;
  const asked = charges.filter(isOfCounter).filter(({ terms }) => terms.settleFrom !== '');
  if (asked.length === 0) return NONE;
  const found = asked.flatMap(({ counter, terms }) => {
    const cost = costIn(result, terms.settleFrom);
    return cost === undefined ? [] : [[counter, cost] as const];
  });
  return new Map(found);
}

function costIn(result: JsonObject, from: string): FoundCost | undefined {
  if (from === 'result.bytes') return { cost: bytesOf(result), estimated: false };
  if (from === 'result.tokens') return { cost: Math.ceil(bytesOf(result) / BYTES_PER_TOKEN), estimated: true };
  return reportedCost(result, from.split('.').slice(1));
}

function bytesOf(result: JsonObject): number {
  return Buffer.byteLength(writeJson(result));
}

/** What a server says is a cost only where it can be one. Thousandths are the smallest that is counted, so it is rounded up. */
function reportedCost(result: JsonObject, path: readonly string[]): FoundCost | undefined {
  let value: Json | undefined = result;
  for (const name of path) value = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  if (typeof value !== 'number' || !(value >= 0 && value <= MOST)) return undefined;
  return { cost: Math.ceil(Number((value * PARTS).toPrecision(15))) / PARTS, estimated: false };
}
