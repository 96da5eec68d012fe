import { writeBucket } from '../core/bucket.ts';
import type { Charge, Terms, Window } from '../core/charge.ts';
import { isJsonObject, type Json } from '../core/json.ts';
import type { RegoProblem } from '../core/rego.ts';
import { Amount } from './amount.ts';
import type { Bundle } from './bundle.ts';
import { invalidBundle, problemOf } from './bundle-problems.ts';
import type { DeclaredCounter } from './counter-schema.ts';
import { factAt, type KeyFacts } from './key-facts.ts';
import { describeWindow, type WindowAt, windowsOf } from './windows.ts';

/** A counter as it is in force: limit and costs are read from the bundle's data. */
export interface Counter {
  /** `<bundle>/<name>`. */
  readonly fullName: string;
  readonly declared: DeclaredCounter;
  readonly limit: number;
  /** What a call is known to cost, by tool. */
  readonly reserve: Reserve;
  readonly windowAt: WindowAt;
  readonly bucketOf: (facts: KeyFacts) => string;
  readonly terms: Terms;
}

export type Reserve =
  | { readonly kind: 'none' }
  | { readonly kind: 'constant'; readonly cost: number }
  | { readonly kind: 'table'; readonly costs: Readonly<Record<string, number>>; readonly otherwise: number };

/** The counters of a bundle. Throws BUNDLE_INVALID with all that is wrong about what they read from its data. */
export function countersIn(bundle: Bundle): readonly Counter[] {
  const problems: RegoProblem[] = [];
  const counters = bundle.manifest.metadata.gateway.counters.map((declared, index) => {
    const say = (member: string, message: string): void => {
      const text = `/metadata/gateway/counters/${index}/${member}: ${message}`;
      problems.push(problemOf(bundle.id, 'bundle_counter', ['.manifest', text]));
    };
    return counterOf(declared, bundle, say);
  });
  if (problems.length > 0) throw invalidBundle(bundle.id, bundle.source, problems);
  return counters;
}

type Say = (member: string, message: string) => void;

function counterOf(declared: DeclaredCounter, bundle: Bundle, say: Say): Counter {
  const { name, window, unit, settle, reserve_cap: cap = 0, ttl_s: ttl } = declared;
  return {
    fullName: `${bundle.id}/${name}`,
    declared,
    limit: limitOf(declared, bundle, say),
    reserve: reserveOf(declared, bundle, say),
    windowAt: windowsOf(window),
    bucketOf: bucketsOf(declared, `${bundle.id}/${name}`),
    terms: {
      unit,
      settleFrom: settle?.from ?? '',
      unknownCost: declared.on_unknown_cost === 'max' ? cap : 0,
      onUpstreamError: declared.on_upstream_error,
      onExpire: declared.on_expire,
      ttlMs: ttl * 1000,
    },
  };
}

/** A call asks twice, before and after it is decided, so the last one is remembered. */
function bucketsOf({ key, unit, version, window }: DeclaredCounter, counter: string): Counter['bucketOf'] {
  const paths = window.kind === 'session' ? [...key, 'context.conversation_id'] : key;
  const words = describeWindow(window);
  let known: { readonly values: readonly string[]; readonly bucket: string } | undefined;
  return (facts) => {
    const values = paths.map((path) => factAt(facts, path));
    if (known !== undefined && values.every((value, index) => value === known?.values[index])) return known.bucket;
    const named = Object.fromEntries(paths.map((path, index) => [path, values[index] ?? '']));
    known = { values, bucket: writeBucket({ counter, key: named, unit, version, window: words }) };
    return known.bucket;
  };
}

function limitOf({ limit }: DeclaredCounter, bundle: Bundle, say: Say): number {
  if (typeof limit === 'number') return limit;
  const found = Amount.safeParse(dataAt(bundle, limit.from));
  if (found.success) return found.data;
  say('limit', `${limit.from} is no number from 0 on with at most three decimals`);
  return 0;
}

function reserveOf({ reserve, reserve_cap: cap = Infinity }: DeclaredCounter, bundle: Bundle, say: Say): Reserve {
  if (reserve === undefined) return { kind: 'none' };
  if (reserve === 'max') return { kind: 'constant', cost: cap };
  if (typeof reserve === 'number') return { kind: 'constant', cost: Math.min(reserve, cap) };
  const table = dataAt(bundle, reserve.from);
  if (!isJsonObject(table)) say('reserve', `${reserve.from} is no table of costs`);
  const costs = isJsonObject(table) ? costsIn(table, reserve.from, say) : {};
  const otherwise = costs['*'] ?? cap;
  // A tool without a price must not be free.
  if (otherwise === Infinity)
    say('reserve', `${reserve.from} has no cost for *, all other tools, and there is no reserve_cap`);
  const capped = Object.entries(costs).map(([tool, cost]) => [tool, Math.min(cost, cap)] as const);
  return { kind: 'table', costs: Object.fromEntries(capped), otherwise: Math.min(otherwise, cap) };
}

function costsIn(table: Readonly<Record<string, Json>>, from: string, say: Say): Readonly<Record<string, number>> {
  const costs = Object.entries(table).flatMap(([tool, written]) => {
    const cost = Amount.safeParse(written);
    if (!cost.success) say('reserve', `${from} has for ${tool} no number from 0 on with at most three decimals`);
    return cost.success ? [[tool, cost.data] as const] : [];
  });
  return Object.fromEntries(costs);
}

/** `data.<root>.config…`; undefined where nothing is there, and in the data of others. */
function dataAt(bundle: Bundle, path: string): Json | undefined {
  let value: Json | undefined = bundle.data;
  for (const name of path.split('.').slice(1)) {
    value = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }
  return value;
}

/** The count that a call belongs to. */
export interface CountedBy {
  readonly counter: Counter;
  readonly bucket: string;
  readonly window: Window;
}

export function countedBy(counter: Counter, facts: KeyFacts, now: number): CountedBy {
  return { counter, bucket: counter.bucketOf(facts), window: counter.windowAt(now) };
}

/** What a call is charged that a policy says costs so much: a counter's own table may say more, never less. */
export function chargeFor({ counter, bucket, window }: CountedBy, said: number, facts: KeyFacts): Charge {
  const { fullName, limit, reserve, terms } = counter;
  const cost = Math.max(said, reservedFor(reserve, facts));
  return { counter: fullName, bucket, cost, limit, window, terms };
}

/** A server's tool stands before a tool of that name. */
function reservedFor(reserve: Reserve, { server, action }: KeyFacts): number {
  if (reserve.kind === 'none') return 0;
  if (reserve.kind === 'constant') return reserve.cost;
  const name = [`${server.id}/${action.tool}`, action.tool].find((one) => Object.hasOwn(reserve.costs, one));
  return (name === undefined ? undefined : reserve.costs[name]) ?? reserve.otherwise;
}
