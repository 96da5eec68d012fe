import * as z from 'zod';

/** Something that is counted, of a conversation and of the agent that has it. Times are milliseconds since the epoch. */
export type Counted =
  /** A tool call that is about to be decided. `tool`: `<server>/<tool>`; `hash`: of the very call. */
  | {
      readonly kind: 'call';
      readonly atMs: number;
      readonly bytes: number;
      readonly tool: string;
      readonly hash: string;
    }
  | { readonly kind: 'denied'; readonly atMs: number }
  /** What came back from a tool. */
  | { readonly kind: 'result'; readonly bytes: number };

/** What has been counted. It is changed in place, because that happens at every call, and has a largest size. */
export interface Counts {
  startedMs: number;
  lastCallMs: number;
  turns: number;
  callsInARow: number;
  denied: number;
  bytes: number;
  /** Calls by tool, the one that was called last at the end. */
  readonly tools: Map<string, number>;
  /** How often the very same call was made, by the beginning of its hash; the latest at the end. */
  readonly identical: Map<string, Repeated>;
  /** The last minute in steps of ten seconds, oldest first. */
  readonly minute: Step[];
}

interface Repeated {
  times: number;
  lastMs: number;
}

interface Step {
  /** Tens of seconds since the epoch. */
  readonly ten: number;
  calls: number;
  denied: number;
}

/** Without a call for so long, counting begins anew. */
export const FORGOTTEN_AFTER_MS = 8 * 60 * 60 * 1000;

/** A pause after which the next call opens a new turn: an agent at work calls again sooner, a person is slower. */
const TURN_PAUSE_MS = 20_000;
/** A call that was not made for so long is no repetition. */
const REPETITION_MS = 10 * 60 * 1000;
/** Tools and calls beyond these push out the one that was used longest ago. */
const MOST_TOOLS = 256;
const MOST_CALLS = 64;
/** Enough to tell calls apart. */
const HASH_LENGTH = 16;

const TEN_SECONDS_MS = 10_000;
const STEPS_IN_A_MINUTE = 6;

export function noCounts(atMs: number): Counts {
  return {
    startedMs: atMs,
    lastCallMs: atMs,
    turns: 0,
    callsInARow: 0,
    denied: 0,
    bytes: 0,
    tools: new Map(),
    identical: new Map(),
    minute: [],
  };
}

/** The same counts, which can be changed by themselves. */
export function copyCounts(counts: Counts): Counts {
  const { tools, identical, minute } = counts;
  return {
    ...counts,
    tools: new Map(tools),
    identical: new Map(identical),
    minute: minute.map((step) => ({ ...step })),
  };
}

export function count(counts: Counts, counted: Counted): void {
  if (counted.kind === 'call') return countCall(counts, counted);
  if (counted.kind === 'result') {
    counts.bytes += counted.bytes;
    return undefined;
  }
  counts.denied += 1;
  stepAt(counts, counted.atMs).denied += 1;
  return undefined;
}

function countCall(counts: Counts, { atMs, bytes, tool, hash }: Extract<Counted, { kind: 'call' }>): void {
  if (isForgotten(counts, atMs)) Object.assign(counts, noCounts(atMs));
  const opensTurn = counts.turns === 0 || atMs - counts.lastCallMs > TURN_PAUSE_MS;
  counts.turns += opensTurn ? 1 : 0;
  counts.callsInARow = opensTurn ? 1 : counts.callsInARow + 1;
  counts.lastCallMs = Math.max(counts.lastCallMs, atMs);
  counts.bytes += bytes;
  putLast(counts.tools, tool, callsOf(counts, tool) + 1);
  dropOldest(counts.tools, MOST_TOOLS);
  const times = timesMade(counts, hash, atMs) + 1;
  putLast(counts.identical, hash.slice(0, HASH_LENGTH), { times, lastMs: atMs });
  dropOldest(counts.identical, MOST_CALLS);
  stepAt(counts, atMs).calls += 1;
}

/** Whether so much time has gone since the last call that nothing of it counts any more. */
export function isForgotten({ lastCallMs }: Counts, nowMs: number): boolean {
  return nowMs - lastCallMs > FORGOTTEN_AFTER_MS;
}

export function callsOf({ tools }: Counts, tool: string): number {
  return tools.get(tool) ?? 0;
}

/** How often the call with this hash has been made, without a pause of ten minutes. */
export function timesMade({ identical }: Counts, hash: string, nowMs: number): number {
  const before = identical.get(hash.slice(0, HASH_LENGTH));
  return before === undefined || nowMs - before.lastMs > REPETITION_MS ? 0 : before.times;
}

/** Of the last minute, to within ten seconds. */
export function lastMinute({ minute }: Counts, nowMs: number): { readonly calls: number; readonly denied: number } {
  const from = tenOf(nowMs) - STEPS_IN_A_MINUTE;
  let [calls, denied] = [0, 0];
  for (const step of minute) {
    if (step.ten <= from) continue;
    calls += step.calls;
    denied += step.denied;
  }
  return { calls, denied };
}

/** A clock that was put back counts into the latest step. */
function stepAt({ minute }: Counts, atMs: number): Step {
  const ten = tenOf(atMs);
  const last = minute.at(-1);
  if (last !== undefined && last.ten >= ten) return last;
  const step = { ten, calls: 0, denied: 0 };
  if (minute.push(step) > STEPS_IN_A_MINUTE) minute.shift();
  return step;
}

function tenOf(atMs: number): number {
  return Math.floor(atMs / TEN_SECONDS_MS);
}

function putLast<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
}

function dropOldest(map: Map<string, unknown>, most: number): void {
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}

const amount = z.number();
const Written = z.object({
  times: z.tuple([amount, amount]),
  sums: z.tuple([amount, amount, amount, amount]),
  tools: z.array(z.tuple([z.string(), amount])),
  identical: z.array(z.tuple([z.string(), amount, amount])),
  minute: z.array(z.tuple([amount, amount, amount])),
});

/** As the store keeps it. */
export function writeCounts(counts: Counts): string {
  const written: z.input<typeof Written> = {
    times: [counts.startedMs, counts.lastCallMs],
    sums: [counts.turns, counts.callsInARow, counts.denied, counts.bytes],
    tools: [...counts.tools],
    identical: [...counts.identical].map(([hash, { times, lastMs }]) => [hash, times, lastMs]),
    minute: counts.minute.map(({ ten, calls, denied }) => [ten, calls, denied]),
  };
  return JSON.stringify(written);
}

/** Throws where the text is none that `writeCounts` wrote. */
export function readCounts(text: string): Counts {
  const { times, sums, tools, identical, minute } = Written.parse(JSON.parse(text));
  const [startedMs, lastCallMs] = times;
  const [turns, callsInARow, denied, bytes] = sums;
  return {
    startedMs,
    lastCallMs,
    turns,
    callsInARow,
    denied,
    bytes,
    tools: new Map(tools),
    identical: new Map(identical.map(([hash, made, lastMs]) => [hash, { times: made, lastMs }])),
    minute: minute.map(([ten, calls, deniedThen]) => ({ ten, calls, denied: deniedThen })),
  };
}
