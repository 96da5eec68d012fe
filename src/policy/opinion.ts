import type * as z from 'zod';
import type { Layer, Mode, Opinion, People } from '../core/opinion.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import {
  CapabilityElement,
  LabelSetElement,
  parseObligation,
  PermitElement,
  VerdictElement,
} from './opinion-elements.ts';
import { plainVerdict, plainWarn } from './plain-elements.ts';
import type { RuleBook } from './rule-book.ts';

/** What is known of a bundle beside what it says: enough to resolve each element's mode and whether it can be lifted. */
export interface RuleResolution {
  readonly layer: Layer;
  readonly rules: RuleBook;
  /** The bundle's own mode. */
  readonly mode: Mode;
  /** Modes that the configuration gives to rules, by rule id; they hold before the bundle's. */
  readonly ruleModes: Readonly<Record<string, Mode>>;
  /** Counters it may charge: its own as `<name>`, an organisation bundle also shared ones as `<bundle>/<name>`. */
  readonly counters: ReadonlyMap<string, Chargeable>;
  /** Whether the two names in its permits are known to be two people. */
  readonly people: People;
}

export interface Chargeable {
  /** Whether the counter itself says what a call costs; then an obligation need not. */
  readonly hasCosts: boolean;
}

/** The part of an opinion that the bundle itself says. */
export type OpinionParts = Pick<Opinion, RuleSet>;
type RuleSet = 'allow' | 'deny' | 'hide' | 'obligations' | 'permit' | 'labels' | 'capabilities';

export type ReadOpinion =
  | ({ readonly kind: 'ok' } & OpinionParts)
  | { readonly kind: 'malformed'; readonly why: string };

/** Nothing said: the parts of an opinion whose status is not `ok`. */
export const NO_PARTS: OpinionParts = {
  allow: [],
  deny: [],
  hide: [],
  obligations: [],
  permit: [],
  labels: [],
  capabilities: [],
};

/** What each layer may say. A label is a kind of obligation. */
const SAYS: Readonly<Record<Layer, readonly RuleSet[]>> = {
  identity: ['deny', 'capabilities'],
  server: ['allow', 'deny', 'hide', 'obligations', 'labels'],
  resource: ['allow', 'deny', 'hide', 'obligations', 'labels'],
  workflow: ['deny', 'obligations', 'labels'],
  compliance: ['deny', 'obligations', 'labels'],
  override: ['deny', 'permit'],
};

export const RULE_SETS = ['allow', 'deny', 'hide', 'obligations', 'permit', 'labels', 'capabilities'] as const;
/** More elements than any sensible policy has, and few enough to record. */
const MAX_ELEMENTS = 1_000;
const MAX_CAPABILITIES = 10_000;

/** Rule sets that a bundle has and its layer does not say; it is refused for them when it is activated. */
export function ruleSetProblems(layer: Layer, ruleSetsPresent: readonly string[]): readonly string[] {
  const says: readonly string[] = SAYS[layer];
  return ruleSetsPresent
    .filter((ruleSet) => !says.includes(ruleSet))
    .map((ruleSet) => `a bundle of layer ${layer} has no rule set ${ruleSet}; it says ${says.join(', ')}`);
}

/**
 * Reads the value of a bundle's entrypoint: an object with all seven rule sets,
 * each a set, which comes as an array. Anything that is not exactly the
 * contract makes the whole opinion malformed; `why` is for the operator.
 */
export function readOpinion(raw: unknown, resolution: RuleResolution): ReadOpinion {
  const why = shapeProblem(raw, resolution.layer);
  if (why !== '' || !isJsonObject(raw)) return { kind: 'malformed', why };
  const problems: string[] = [];
  const reading: Reading = { raw, resolution, problems };
  const parts: OpinionParts = {
    allow: verdicts(reading, 'allow'),
    deny: verdicts(reading, 'deny'),
    hide: verdicts(reading, 'hide'),
    obligations: obligations(reading),
    permit: permits(reading),
    labels: labels(reading),
    capabilities: capabilities(reading),
  };
  const [problem] = problems;
  return problem === undefined ? { kind: 'ok', ...parts } : { kind: 'malformed', why: problem };
}

interface Reading {
  readonly raw: JsonObject;
  readonly resolution: RuleResolution;
  readonly problems: string[];
}

function shapeProblem(raw: unknown, layer: Layer): string {
  if (!isJsonObject(raw)) return 'the decision is no object';
  for (const ruleSet of RULE_SETS) {
    const set = raw[ruleSet];
    if (!Array.isArray(set)) return `${ruleSet} is no set`;
    if (set.length > 0 && !SAYS[layer].includes(ruleSet)) return `a bundle of layer ${layer} does not say ${ruleSet}`;
    const most = ruleSet === 'capabilities' ? MAX_CAPABILITIES : MAX_ELEMENTS;
    if (set.length > most) return `${ruleSet} has more than ${most} elements`;
  }
  return Object.keys(raw).length === RULE_SETS.length ? '' : 'the decision has a member that is no rule set';
}

function verdicts(reading: Reading, ruleSet: 'allow' | 'deny' | 'hide'): Opinion['deny'] {
  return elements(reading, ruleSet, readVerdict).map(({ id, reason, params }) => ({
    id,
    reason,
    params,
    mode: modeOf(reading, id),
    liftable: ruleSet === 'deny' && reading.resolution.rules.get(id)?.liftable === true,
  }));
}

function readVerdict(element: unknown): z.ZodSafeParseResult<z.output<typeof VerdictElement>> {
  const data = plainVerdict(element);
  return data === undefined ? VerdictElement.safeParse(element) : { success: true, data };
}

function obligations(reading: Reading): Opinion['obligations'] {
  const read = elements(reading, 'obligations', readObligation);
  // The mode first: V8 gives what is copied and then extended a hidden class of its own, each time anew.
  return read.map((element) => {
    const mode = modeOf(reading, element.id);
    return element.type === 'counter' ? { mode, ...element, cost: costOf(element, reading) } : { mode, ...element };
  });
}

/** Where the counter itself has costs, an obligation need not name one: the higher counts. */
function costOf(
  { id, name, cost }: { readonly id: string; readonly name: string; readonly cost?: number | undefined },
  { resolution, problems }: Reading,
): number {
  const counter = resolution.counters.get(name);
  if (counter === undefined) problems.push(`obligations: the counter of ${id} is not declared in the manifest`);
  else if (cost === undefined && !counter.hasCosts)
    problems.push(`obligations: ${id} names no cost, nor does its counter`);
  return cost ?? 0;
}

function readObligation(element: unknown): ReturnType<typeof parseObligation> {
  const data = plainWarn(element);
  return data === undefined ? parseObligation(element) : { success: true, data };
}

function permits(reading: Reading): Opinion['permit'] {
  const read = elements(reading, 'permit', (element) => PermitElement.safeParse(element));
  return read.map((element) => ({ ...element, people: reading.resolution.people, mode: modeOf(reading, element.id) }));
}

function labels(reading: Reading): Opinion['labels'] {
  const read = elements(reading, 'labels', (element) => LabelSetElement.safeParse(element));
  return read.map((element) => ({ ...element, mode: modeOf(reading, element.id) }));
}

/** A rule in shadow that grants less than its bundle would grant more: capabilities follow their bundle. */
function capabilities(reading: Reading): Opinion['capabilities'] {
  const read = elements(reading, 'capabilities', (element) => CapabilityElement.safeParse(element));
  return read.map((element) => ({ ...element, mode: reading.resolution.mode }));
}

/** The elements of one rule set by their schema, or none where one breaks it; then a problem says which. */
function elements<Element extends { readonly id: string }>(
  reading: Reading,
  ruleSet: RuleSet,
  parse: (element: unknown) => z.ZodSafeParseResult<Element>,
): readonly Element[] {
  const set = reading.raw[ruleSet];
  const read: Element[] = [];
  if (!Array.isArray(set)) return read;
  for (const [index, element] of set.entries()) {
    const parsed = parse(element);
    if (parsed.success) read.push(parsed.data);
    const problem = problemOf(parsed, reading.resolution.rules);
    if (problem !== '') reading.problems.push(`${ruleSet}[${index}]${problem}`);
  }
  return read;
}

/** What is wrong with an element, empty where nothing is. */
function problemOf(parsed: z.ZodSafeParseResult<{ readonly id: string }>, rules: RuleBook): string {
  if (parsed.success) return rules.has(parsed.data.id) ? '' : `: the id ${parsed.data.id} has no annotation`;
  const issue = parsed.error.issues[0];
  // Only the member's name: what lies below it may come from the arguments of the call.
  const member = issue?.path[0] === undefined ? '' : `.${String(issue.path[0])}`;
  return `${member}: ${issue?.message ?? 'is malformed'}`;
}

function modeOf({ resolution }: Reading, id: string): Mode {
  const own = Object.hasOwn(resolution.ruleModes, id) ? resolution.ruleModes[id] : undefined;
  return own ?? resolution.mode;
}
