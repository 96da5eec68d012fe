import type { OfferedTool } from '../catalog/offered-tools.ts';
import { pinReader, type ServerPins } from '../catalog/pins.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { pointerOf } from '../core/json-pointer.ts';
import { writeJson } from '../core/lossless-json.ts';
import { maskedText } from '../core/masked-text.ts';
import type { LockedServer } from '../core/server-lock.ts';
import { cutText } from '../policy/author-text.ts';
import type { RuleWords } from './record-words.ts';

/** One place in which two definitions of a tool differ; undefined where one of them has nothing there. */
export interface DefinitionChange {
  /** JSON pointer into the definition. */
  readonly pointer: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

export type ToolChangeKind = 'same' | 'new' | 'renamed' | 'contract' | 'text' | 'gone';

/** How a tool stands to what was accepted, and where it differs as far as the accepted definition is known. */
export interface ToolChange {
  readonly tool: string;
  readonly kind: ToolChangeKind;
  readonly changes: readonly DefinitionChange[];
}

/** Definitions by the names of their tools. */
export type Definitions = Readonly<Record<string, JsonObject>>;

/** Under which name a store keeps the definitions that were accepted of a server. */
export const ACCEPTED_TOOLS = 'accepted tools';

/** Definitions as a store has kept them; none where it has kept nothing that can be read. */
export function readDefinitions(kept: Json | undefined): Definitions {
  if (kept === undefined || !isJsonObject(kept)) return {};
  return Object.fromEntries(
    Object.entries(kept).flatMap(([tool, definition]) => (isJsonObject(definition) ? [[tool, definition]] : [])),
  );
}

/** Every tool that is offered or was accepted, by name. */
export function toolChanges(
  offered: readonly OfferedTool[],
  locked: LockedServer | undefined,
  accepted: Definitions,
): readonly ToolChange[] {
  const tools = new Map(Object.entries(locked?.tools ?? {}));
  const pins: ServerPins = { tools, drift: '', text: 'warn' };
  const names = offered.map(({ name }) => name);
  const stateOf = pinReader(pins, names);
  const there = offered.map(({ name, definition, pin }): ToolChange => {
    const state = stateOf(name, pin);
    if (state.kind === 'accepted') {
      if (!state.isTextChanged) return { tool: name, kind: 'same', changes: [] };
      return { tool: name, kind: 'text', changes: changesOf(name, definition, accepted) };
    }
    if (state.kind !== 'changed') return { tool: name, kind: 'new', changes: [] };
    if (state.why === 'renamed') return { tool: name, kind: 'renamed', changes: [] };
    return { tool: name, kind: 'contract', changes: changesOf(name, definition, accepted) };
  });
  const offeredNames = new Set(names);
  const gone = [...tools.keys()].filter((tool) => !offeredNames.has(tool));
  return [...there, ...gone.map((tool): ToolChange => ({ tool, kind: 'gone', changes: [] }))].toSorted((left, right) =>
    left.tool < right.tool ? -1 : 1,
  );
}

/** None where nobody knows what was accepted. */
function changesOf(tool: string, definition: JsonObject, accepted: Definitions): readonly DefinitionChange[] {
  const before = Object.hasOwn(accepted, tool) ? accepted[tool] : undefined;
  return before === undefined ? [] : definitionChanges(before, definition);
}

/** By pointer; the order of members and of lists that are sets does not count. */
export function definitionChanges(before: JsonObject, after: JsonObject): readonly DefinitionChange[] {
  const old = leavesOf(before);
  const now = leavesOf(after);
  return [...new Set([...old.keys(), ...now.keys()])]
    .toSorted()
    .map((pointer) => ({ pointer, before: old.get(pointer), after: now.get(pointer) }))
    .filter((change) => textOf(change.before) !== textOf(change.after));
}

const MOST_KEPT = 20;
const LONGEST_KEPT = 300;

/**
 * Changes as a record keeps them: the first twenty places, each value as the beginning of its JSON, null where there is
 * none, with dots in the place of `secrets`, the longest first.
 */
export function keptChanges(changes: readonly DefinitionChange[], secrets: readonly string[]): JsonObject {
  const written = secrets.map((secret) => writeJson(secret).slice(1, -1));
  const kept = (value: Json | undefined): Json =>
    value === undefined ? null : cutText(maskedText(writeJson(value), written), LONGEST_KEPT);
  const places = changes.slice(0, MOST_KEPT).map(({ pointer, before, after }): JsonObject => ({
    pointer: cutText(maskedText(pointer, secrets), LONGEST_KEPT),
    before: kept(before),
    after: kept(after),
  }));
  return { places: changes.length, changes: places };
}

/** Characters of the pointers of one definition; under a long name with much below it they would fill all memory. */
const MOST_POINTED = 1_000_000;

const SETS: ReadonlySet<string> = new Set(['required', 'enum', 'type']);

function leavesOf(value: JsonObject): ReadonlyMap<string, Json> {
  const leaves = new Map<string, Json>();
  let left = MOST_POINTED;
  const walk = (node: Json, pointer: string, key: string): void => {
    const members = isJsonObject(node) ? Object.keys(node).length : 0;
    const cost = members * (pointer.length + 1);
    if (isJsonObject(node) && members > 0 && cost <= left) {
      left -= cost;
      for (const [name, child] of Object.entries(node)) walk(child, `${pointer}${pointerOf([name])}`, name);
    } else leaves.set(pointer, SETS.has(key) ? sortedSet(node) : node);
  };
  walk(value, '', '');
  return leaves;
}

function sortedSet(value: Json): Json {
  return Array.isArray(value)
    ? (value as readonly Json[]).toSorted((left, right) => (textOf(left) < textOf(right) ? -1 : 1))
    : value;
}

function textOf(value: Json | undefined): string {
  return value === undefined ? '' : canonicalJson(value);
}

/** A rule of a bundle that has come, gone, or says something else of itself. */
export interface RuleChange {
  readonly rule: string;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly before: string;
  readonly after: string;
}

/** What two bundles say of their rules, compared by id; what a rule does may change without its words. */
export function ruleChanges(before: RulesInWords, after: RulesInWords): readonly RuleChange[] {
  return [...new Set([...before.keys(), ...after.keys()])].toSorted().flatMap((rule): readonly RuleChange[] => {
    const old = before.get(rule);
    const now = after.get(rule);
    if (old === undefined) return [{ rule, kind: 'added', before: '', after: now?.title ?? '' }];
    if (now === undefined) return [{ rule, kind: 'removed', before: old.title, after: '' }];
    const isSame =
      old.title === now.title && old.remediation === now.remediation && old.reads.join() === now.reads.join();
    return isSame ? [] : [{ rule, kind: 'changed', before: old.title, after: now.title }];
  });
}

type RulesInWords = ReadonlyMap<string, Pick<RuleWords, 'title' | 'remediation' | 'reads'>>;
