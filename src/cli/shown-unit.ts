import type { LookedAt, LookedTool } from '../app/look.ts';
import { instructionsPin } from '../catalog/pins.ts';
import { shortHash } from '../core/generation.ts';
import type { Json } from '../core/json.ts';
import { type LockedServer, type UnitDrift, unitDrift } from '../core/server-lock.ts';
import { writeJson } from '../core/lossless-json.ts';
import { revealText } from '../policy/author-text.ts';
import type { DefinitionChange, RuleChange, ToolChange } from '../review/unit-changes.ts';
import { paint, printLine, printTable, type Terminal, visible } from './terminal.ts';

/** A server's tools in the groups in which people accept them. */
export interface ShownGroups {
  readonly read: readonly string[];
  readonly write: readonly string[];
  /** Those that say nothing too. */
  readonly destroy: readonly string[];
}

export function groupsOf(tools: readonly LookedTool[]): ShownGroups {
  const those = (...effects: readonly string[]): readonly string[] =>
    tools.filter(({ effect }) => effects.includes(effect)).map(({ name }) => name);
  return { read: those('read'), write: those('write'), destroy: those('destroy', 'unknown') };
}

const TITLES = { read: 'only read', write: 'write', destroy: 'destroy, or do not say' } as const;
/** Tools that are named in a list of many. */
const MOST_SHOWN = 60;

export function printGroups(terminal: Terminal, tools: readonly LookedTool[]): void {
  const groups = groupsOf(tools);
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  for (const group of ['read', 'write', 'destroy'] as const) {
    const names = groups[group];
    printLine(terminal, paint(terminal, 'bold', `${TITLES[group]}: ${String(names.length)}`));
    for (const name of names.slice(0, MOST_SHOWN)) {
      const doubts = byName.get(name)?.doubts ?? [];
      const mark = doubts.length === 0 ? '' : `   ! ${doubts.join('; ')}`;
      printLine(terminal, `  ${reveal(name)}${visible(mark)}`);
    }
    if (names.length > MOST_SHOWN) printLine(terminal, `  … and ${String(names.length - MOST_SHOWN)} more`);
  }
}

type Described = Pick<LookedAt, 'unit' | 'bundle' | 'instructions'>;

/** What the server is, in lines, and what it tells every model: whoever accepts it accepts that too. */
export function printUnit(terminal: Terminal, { unit, bundle, instructions }: Described): void {
  const { package: found } = unit;
  const runs = found === null ? 'no package; the command line is pinned' : `${found.name} ${found.version}`;
  printLine(terminal, visible(`package  ${runs}`));
  if (bundle.kind === 'good') {
    const { checked, path } = bundle;
    printLine(
      terminal,
      visible(`bundle   ${path} (${String(checked.rules.size)} rules, ${shortHash(checked.bundle.digest)})`),
    );
  } else if (bundle.kind === 'none') printLine(terminal, 'bundle   none; the starter bundle stands in');
  else printLine(terminal, `bundle   ${bundle.problem.split('\n').map(visible).join('\n         ')}`);
  if (instructions !== '') printLine(terminal, `tells    every model ${reveal(JSON.stringify(instructions))}`);
}

export function toolAsJson({ name, effect, doubts }: LookedTool): object {
  return { name, effect, doubts };
}

/** As `--json` prints it; a definition that is not there is null. */
export function changeAsJson({ tool, kind, changes }: ToolChange): object {
  const shown = changes.map(({ pointer, before, after }) => ({
    pointer,
    before: before ?? null,
    after: after ?? null,
  }));
  return { tool, kind, changes: shown };
}

const KINDS: Readonly<Record<ToolChange['kind'], string>> = {
  same: 'as accepted',
  new: 'new',
  renamed: 'new, and like one that is gone',
  contract: 'CHANGED',
  text: 'text changed',
  gone: 'gone',
};

/** Each tool that is not as it was accepted, with every place in which it differs; only of those that came or went, some. */
export function printChanges(terminal: Terminal, changes: readonly ToolChange[]): void {
  const hidden = new Set(changes.filter(({ kind }) => kind === 'new' || kind === 'gone').slice(MOST_SHOWN));
  for (const change of changes.filter(({ kind }) => kind !== 'same')) {
    if (hidden.has(change)) continue;
    const { tool, kind, changes: places } = change;
    printLine(terminal, `${paint(terminal, 'bold', reveal(tool))}  ${KINDS[kind]}`);
    for (const place of places) for (const line of linesOf(place)) printLine(terminal, line);
    if (places.length === 0 && (kind === 'contract' || kind === 'text')) {
      printLine(terminal, '    what was accepted is not kept in this store, so there is nothing to compare');
    }
  }
  if (hidden.size > 0) printLine(terminal, `… and ${String(hidden.size)} more`);
}

const LONGEST_VALUE = 600;
/** Characters before the first difference, where a value is longer than is shown. */
const MOST_BEFORE = 80;

function linesOf({ pointer, before, after }: DefinitionChange): readonly string[] {
  const [old, now] = [textOf(before), textOf(after)];
  const from = Math.max(old.length, now.length) <= LONGEST_VALUE ? 0 : Math.max(0, sameUntil(old, now) - MOST_BEFORE);
  const shown = (value: string): string => `${from > 0 ? '…' : ''}${revealText(value.slice(from), LONGEST_VALUE)}`;
  return [
    `    ${reveal(pointer)}`,
    ...(before === undefined ? [] : [`      - ${shown(old)}`]),
    ...(after === undefined ? [] : [`      + ${shown(now)}`]),
  ];
}

function textOf(value: Json | undefined): string {
  return value === undefined ? '' : writeJson(value);
}

function sameUntil(left: string, right: string): number {
  let at = 0;
  while (at < left.length && left[at] === right[at]) at++;
  return at;
}

export function printRules(terminal: Terminal, changes: readonly RuleChange[]): void {
  const rows = changes.map(({ rule, kind, before, after }) => [rule, kind, kind === 'removed' ? before : after]);
  if (rows.length > 0) printTable(terminal, ['rule', '', 'says'], rows);
}

/** A part of a server, as it was accepted and as it is. */
export interface UnitChange {
  readonly part: UnitDrift | 'instructions';
  readonly before: string;
  readonly after: string;
}

/** What of the server as a whole is another than was accepted, with both. */
export function unitChanges(locked: LockedServer, { unit, instructions }: LookedAt): readonly UnitChange[] {
  const named = { package: packageText, command: commandText, bundle: bundleText, signer: signerText };
  const changes = unitDrift(locked, unit).map((part) => ({
    part,
    before: named[part](locked),
    after: named[part](unit),
  }));
  return [...changes, ...instructionsChange(locked, instructions)];
}

/** The text that was accepted is not kept, so that what it is now is shown whole. Where none was pinned, nothing changed. */
function instructionsChange({ instructions: accepted }: LockedServer, now: string): readonly UnitChange[] {
  if (accepted === undefined || accepted === instructionsPin(now)) return [];
  return [{ part: 'instructions', before: shortHash(accepted), after: JSON.stringify(now) }];
}

type Unit = LookedAt['unit'];

function packageText({ package: found }: Unit): string {
  return found === null ? '' : `${found.name} ${found.version} ${found.integrity}`.trim();
}

function commandText({ command }: Unit): string {
  return shortHash(command);
}

function bundleText({ bundle }: Unit): string {
  return shortHash(bundle?.digest ?? '');
}

function signerText({ signer }: Unit): string {
  return signer;
}

export function printUnitChanges(terminal: Terminal, changes: readonly UnitChange[]): void {
  for (const { part, before, after } of changes) {
    printLine(terminal, visible(`the ${part} is another: ${before || 'none'} → ${reveal(after) || 'none'}`));
  }
}

function reveal(text: string): string {
  return revealText(text, Number.MAX_SAFE_INTEGER);
}
