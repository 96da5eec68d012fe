import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import type { Permit } from '../core/opinion.ts';
import { PermitElement } from './opinion-elements.ts';

/** A permit that stands in a bundle's data, from which a rule makes the element; as it is written, good or not. */
export interface WrittenPermit {
  /** Where it stands, as rules name it, without its place in a list: `northwind.config.permits`. */
  readonly place: string;
  readonly terms: Terms;
  /** What the contract refuses in it; empty where nothing is. A rule that passes it on makes the whole bundle malformed. */
  readonly problem: string;
  /** Its other members, such as the incident and whom it is for: what they mean is the rule's own. */
  readonly more: JsonObject;
}

export type Terms = Omit<Permit, 'id' | 'mode' | 'people'>;

/** Deeper than anybody writes lists of permits. */
const MAX_DEPTH = 8;

/**
 * Everything in a data document that has `lifts` and `expires_at`. A permit that is put together in Rego is not among it,
 * and one that stands here is in force only for the calls that its rule thinks of.
 */
export function writtenPermits(data: JsonObject): readonly WrittenPermit[] {
  return Object.entries(data).flatMap(([root, value]) => permitsAt(value, root, 0));
}

function permitsAt(value: Json, place: string, depth: number): readonly WrittenPermit[] {
  if (depth > MAX_DEPTH) return [];
  if (Array.isArray(value)) return value.flatMap((item: Json) => permitsAt(item, place, depth + 1));
  if (!isJsonObject(value)) return [];
  if (Object.hasOwn(value, 'lifts') && Object.hasOwn(value, 'expires_at')) return [readPermit(value, place)];
  return Object.entries(value).flatMap(([name, member]) => permitsAt(member, `${place}.${name}`, depth + 1));
}

function readPermit(value: JsonObject, place: string): WrittenPermit {
  const { lifts = [], requested_by, approved_by, justification, not_before, expires_at, ...more } = value;
  const terms: Terms = {
    lifts: (Array.isArray(lifts) ? lifts : [lifts]).map(asText),
    requested_by: asText(requested_by),
    approved_by: asText(approved_by),
    justification: asText(justification),
    not_before: asText(not_before),
    expires_at: asText(expires_at),
  };
  const read = PermitElement.safeParse({ ...value, id: 'any' });
  const issue = read.error?.issues[0];
  const problem = issue === undefined ? '' : `${String(issue.path[0] ?? '')}: ${issue.message}`;
  return { place, terms, problem, more };
}

function asText(value: Json | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
