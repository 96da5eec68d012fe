import type { Decided, ReplayClass } from './replay-classes.ts';
import type { SealedRecord } from '../core/record.ts';

/** Decisions that one change treats alike, for the same reasons. */
export interface ReplayGroup {
  readonly class: ReplayClass;
  /** What made the difference: full names of rules, ids of bundles, or reasons of the gateway. */
  readonly rules: readonly string[];
  /** Why they cannot be replayed; empty for all other classes. */
  readonly why: string;
  readonly count: number;
  /** How many of them are different in agent, server, tool or the names of their arguments. */
  readonly distinct: number;
  /** Who asked for what how often; the most frequent. */
  readonly where: readonly ReplayPlace[];
  /** The first. */
  readonly example: ReplayExample;
}

export interface ReplayPlace {
  readonly agent: string;
  readonly server: string;
  readonly tool: string;
  readonly count: number;
}

export interface ReplayExample {
  readonly id: string;
  readonly time: string;
  readonly agent: string;
  readonly user: string;
  readonly server: string;
  readonly tool: string;
  readonly action: string;
  readonly was: ReplayVerdict;
  /** Null where it cannot be told. */
  readonly would_be: ReplayVerdict | null;
  /** In words, why it would be so. */
  readonly explanation: readonly string[];
}

export interface ReplayVerdict {
  readonly effect: string;
  readonly reasons: readonly string[];
  readonly matched_rules: readonly string[];
}

/** A decision on its way into a group. */
export interface Grouped {
  readonly class: ReplayClass;
  readonly rules: readonly string[];
  readonly why: string;
  readonly record: SealedRecord;
  readonly before: Decided;
  readonly after: Decided | undefined;
}

/** Makes the words for an example; asked for the first decision of a group only. */
export type ExplainExample = (grouped: Grouped) => readonly string[];

interface Growing {
  readonly head: Pick<ReplayGroup, 'class' | 'rules' | 'why' | 'example'>;
  count: number;
  readonly shapes: Set<string>;
  readonly places: Map<string, number>;
}

/** A policy has few rules; what comes beyond that shares one group of its class. */
const MOST_GROUPS = 500;
const MOST_SHAPES = 2_000;
const MOST_SHOWN = 5;

/** Collects decisions into groups, in memory that does not grow with their number. */
export class ReplayGroups {
  readonly #groups = new Map<string, Growing>();
  readonly #explain: ExplainExample;

  constructor(explain: ExplainExample) {
    this.#explain = explain;
  }

  add(grouped: Grouped): void {
    const key = JSON.stringify([grouped.class, grouped.rules, grouped.why]);
    const isFull = this.#groups.size >= MOST_GROUPS && !this.#groups.has(key);
    const group = this.#groupAt(isFull ? grouped.class : key, isFull ? { ...grouped, rules: [], why: '' } : grouped);
    const { record } = grouped;
    group.count += 1;
    const place = JSON.stringify([record.principal.agent.id, record.server, nameOf(record)]);
    addTo(group.places, place);
    if (group.shapes.size < MOST_SHAPES) group.shapes.add(`${place} ${shapeOf(record)}`);
  }

  #groupAt(key: string, grouped: Grouped): Growing {
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const { class: kind, rules, why } = grouped;
    const head = { class: kind, rules, why, example: exampleOf(grouped, this.#explain) };
    const group = { head, count: 0, shapes: new Set<string>(), places: new Map<string, number>() };
    this.#groups.set(key, group);
    return group;
  }

  /** The most frequent first. */
  list(): readonly ReplayGroup[] {
    return [...this.#groups.values()]
      .map(({ head, count, shapes, places }) => ({ ...head, count, distinct: shapes.size, where: placesIn(places) }))
      .toSorted((left, right) => right.count - left.count);
  }
}

function addTo(places: Map<string, number>, place: string): void {
  if (places.has(place) || places.size < MOST_SHAPES) places.set(place, (places.get(place) ?? 0) + 1);
}

function placesIn(places: ReadonlyMap<string, number>): readonly ReplayPlace[] {
  const most = [...places].toSorted(([, left], [, right]) => right - left).slice(0, MOST_SHOWN);
  return most.map(([place, count]) => {
    const [agent = '', server = '', tool = ''] = JSON.parse(place) as readonly string[];
    return { agent, server, tool, count };
  });
}

/** What is no tool is named by what is done. */
function nameOf({ tool, action }: SealedRecord): string {
  return tool === '' ? action : tool;
}

/** The names of the arguments, not their values: a thousand paths are one kind of call. */
function shapeOf({ input }: SealedRecord): string {
  const { action } = input;
  const args: unknown = typeof action === 'object' && action !== null && 'args' in action ? action.args : {};
  return typeof args === 'object' && args !== null ? Object.keys(args).toSorted().join(' ') : '';
}

function exampleOf(grouped: Grouped, explain: ExplainExample): ReplayExample {
  const { record, before, after } = grouped;
  return {
    id: record.id,
    time: record.time,
    agent: record.principal.agent.id,
    user: record.principal.user.id,
    server: record.server,
    tool: record.tool,
    action: record.action,
    was: verdictOf(before),
    would_be: after === undefined ? null : verdictOf(after),
    explanation: explain(grouped),
  };
}

function verdictOf({ decision: { effect, reasons, matched_rules } }: Decided): ReplayVerdict {
  return { effect, reasons, matched_rules };
}
