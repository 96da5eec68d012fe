import { BuiltinFailure } from './builtin.ts';
import type { CharacterTest } from './regex-class.ts';
import { parseRegex } from './regex-syntax.ts';
import type { Assertion, Regex } from './regex-tree.ts';

/** What a thread of the matcher does next; `to` and `or` are places in the program, the first is tried first. */
export type Instruction =
  | { readonly kind: 'character'; readonly test: CharacterTest }
  | { readonly kind: 'assertion'; readonly holds: Assertion }
  | { readonly kind: 'save'; readonly slot: number }
  | { readonly kind: 'fork'; to: number; or: number }
  | { readonly kind: 'jump'; to: number }
  | { readonly kind: 'match' };

export interface RegexProgram {
  readonly instructions: readonly Instruction[];
  /** Names of the groups by index; index 0 is the whole match. */
  readonly groups: readonly string[];
}

/** Instructions of the largest expression that is taken. */
const MOST_INSTRUCTIONS = 20_000;

/** Throws BuiltinFailure for an expression that Go would not compile, or that is too large. */
export function compileRegex(pattern: string): RegexProgram {
  const { regex, groups } = parseRegex(pattern);
  const instructions: Instruction[] = [];
  emit({ kind: 'group', index: 0, inner: regex }, instructions);
  instructions.push({ kind: 'match' });
  return { instructions, groups };
}

function emit(regex: Regex, program: Instruction[]): void {
  if (program.length > MOST_INSTRUCTIONS) throw new BuiltinFailure('the regular expression is too large');
  switch (regex.kind) {
    case 'character':
    case 'assertion':
      program.push(regex);
      return;
    case 'group':
      program.push({ kind: 'save', slot: 2 * regex.index });
      emit(regex.inner, program);
      program.push({ kind: 'save', slot: 2 * regex.index + 1 });
      return;
    case 'sequence':
      for (const part of regex.parts) emit(part, program);
      return;
    case 'choice':
      emitChoice(regex.options, program);
      return;
    case 'repeat':
      emitRepeat(regex, program);
  }
}

function emitChoice(options: readonly Regex[], program: Instruction[]): void {
  const ends: { kind: 'jump'; to: number }[] = [];
  for (const [place, option] of options.entries()) {
    const fork = { kind: 'fork' as const, to: program.length + 1, or: 0 };
    const isLast = place === options.length - 1;
    if (!isLast) program.push(fork);
    emit(option, program);
    if (isLast) break;
    const end = { kind: 'jump' as const, to: 0 };
    program.push(end);
    ends.push(end);
    fork.or = program.length;
  }
  for (const end of ends) end.to = program.length;
}

type Repeat = Extract<Regex, { kind: 'repeat' }>;

function emitRepeat({ inner, least, most, isGreedy }: Repeat, program: Instruction[]): void {
  if (most === Infinity && least === 0) return emitStar(inner, isGreedy, program);
  for (let count = 0; count < least - (most === Infinity ? 1 : 0); count += 1) emit(inner, program);
  if (most === Infinity) return emitPlus(inner, isGreedy, program);
  const skips: Fork[] = [];
  for (let count = least; count < most; count += 1) {
    skips.push(pushFork(isGreedy, program));
    emit(inner, program);
  }
  for (const skip of skips) skip(program.length);
}

/** What may be empty is tried at least once where it is tried at all, as Go does it: `(x+)?`. */
function emitStar(inner: Regex, isGreedy: boolean, program: Instruction[]): void {
  const start = program.length;
  const skip = pushFork(isGreedy, program);
  if (canBeEmpty(inner)) {
    emitPlus(inner, isGreedy, program);
  } else {
    emit(inner, program);
    program.push({ kind: 'jump', to: start });
  }
  skip(program.length);
}

function emitPlus(inner: Regex, isGreedy: boolean, program: Instruction[]): void {
  const start = program.length;
  emit(inner, program);
  const after = program.length + 1;
  program.push(isGreedy ? { kind: 'fork', to: start, or: after } : { kind: 'fork', to: after, or: start });
}

/** Sets where a fork goes that does not enter what follows it. */
type Fork = (target: number) => void;

function pushFork(isGreedy: boolean, program: Instruction[]): Fork {
  const fork = { kind: 'fork' as const, to: program.length + 1, or: program.length + 1 };
  program.push(fork);
  return (target) => {
    if (isGreedy) fork.or = target;
    else fork.to = target;
  };
}

function canBeEmpty(regex: Regex): boolean {
  if (regex.kind === 'character') return false;
  if (regex.kind === 'group') return canBeEmpty(regex.inner);
  if (regex.kind === 'sequence') return regex.parts.every(canBeEmpty);
  if (regex.kind === 'choice') return regex.options.some(canBeEmpty);
  return regex.kind === 'assertion' || regex.least === 0 || canBeEmpty(regex.inner);
}
