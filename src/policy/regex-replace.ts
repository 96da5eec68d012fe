import { compileRegex, type Instruction, type RegexProgram } from './regex-program.ts';
import type { Assertion } from './regex-tree.ts';
import { boundedText, Work } from './work.ts';

/** Start and end of the match and of its groups; -1 where a group took no part. */
type Slots = readonly number[];

/**
 * All matches replaced, as Go's `Regexp.ReplaceAllString` does: leftmost first, `$1` and `${name}` in the replacement.
 * The matcher follows all threads at once, so its time grows with pattern times text and never beyond.
 */
export function replaceAll(text: string, pattern: string, replacement: string): string {
  const program = compileRegex(pattern);
  const characters = Array.from(text);
  const work = new Work('the regular expression');
  const matcher = new Matcher(program, characters, work);
  let output = '';
  let lastEnd = 0;
  let position = 0;
  while (position <= characters.length) {
    const slots = matcher.find(position);
    if (slots === undefined) break;
    const [start = 0, end = 0] = slots;
    output += characters.slice(lastEnd, start).join('');
    // An empty match right behind another one is none.
    if (end > lastEnd || start === 0) {
      work.spend(replacement.length);
      output += expand(replacement, { slots, characters, groups: program.groups, work });
    }
    boundedText(output.length);
    lastEnd = end;
    position = Math.max(position + 1, end);
  }
  return output + characters.slice(lastEnd).join('');
}

interface Thread {
  readonly place: number;
  readonly slots: Slots;
}

class Matcher {
  readonly #program: readonly Instruction[];
  readonly #text: readonly string[];
  readonly #work: Work;

  constructor({ instructions }: RegexProgram, text: readonly string[], work: Work) {
    this.#program = instructions;
    this.#text = text;
    this.#work = work;
  }

  /** The leftmost match from a position on; of several the one that the expression prefers. */
  find(from: number): Slots | undefined {
    let threads: Thread[] = [];
    let found: Slots | undefined;
    for (let position = from; position <= this.#text.length; position += 1) {
      const seen = new Set<number>();
      const ready: Thread[] = [];
      for (const thread of threads) this.#follow(thread, position, { seen, ready });
      if (found === undefined) this.#follow({ place: 0, slots: [] }, position, { seen, ready });
      threads = [];
      const character = this.#text[position];
      for (const { place, slots } of ready) {
        const instruction = this.#program[place];
        if (instruction?.kind === 'match') {
          found = slots;
          break;
        }
        if (instruction?.kind === 'character' && character !== undefined && instruction.test(character)) {
          threads.push({ place: place + 1, slots });
        }
      }
      if (threads.length === 0 && found !== undefined) break;
    }
    return found;
  }

  /** Goes on to every instruction that reads a character or ends, the preferred ones first. */
  #follow(thread: Thread, position: number, to: { seen: Set<number>; ready: Thread[] }): void {
    const pending = [thread];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { place, slots } = next;
      if (to.seen.has(place)) continue;
      to.seen.add(place);
      this.#work.spend(1);
      const instruction = this.#program[place];
      if (instruction === undefined) continue;
      // The places of all groups are copied.
      if (instruction.kind === 'save') this.#work.spend(instruction.slot);
      if (instruction.kind === 'jump') pending.push({ place: instruction.to, slots });
      else if (instruction.kind === 'fork')
        pending.push({ place: instruction.or, slots }, { place: instruction.to, slots });
      else if (instruction.kind === 'save')
        pending.push({ place: place + 1, slots: withSlot(slots, instruction.slot, position) });
      else if (instruction.kind !== 'assertion') to.ready.push(next);
      else if (this.#holds(instruction.holds, position)) pending.push({ place: place + 1, slots });
    }
  }

  #holds(assertion: Assertion, position: number): boolean {
    const before = this.#text[position - 1];
    const after = this.#text[position];
    if (assertion === 'textStart') return before === undefined;
    if (assertion === 'textEnd') return after === undefined;
    if (assertion === 'lineStart') return before === undefined || before === '\n';
    if (assertion === 'lineEnd') return after === undefined || after === '\n';
    return (isWord(before) !== isWord(after)) === (assertion === 'wordEdge');
  }
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /^[0-9A-Za-z_]$/.test(character);
}

function withSlot(slots: Slots, slot: number, position: number): Slots {
  const copy = slots.slice();
  while (copy.length <= slot) copy.push(-1);
  copy[slot] = position;
  return copy;
}

interface Match {
  readonly slots: Slots;
  readonly characters: readonly string[];
  readonly groups: readonly string[];
  readonly work: Work;
}

/** `$1`, `$name`, `${name}` and `$$`; a `$` that says none of these stands for itself. */
function expand(template: string, match: Match): string {
  return template.replaceAll(
    /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu,
    (_whole, braced?: string, plain?: string) => {
      const name = braced ?? plain;
      return name === undefined ? '$' : groupOf(name, match);
    },
  );
}

/** Of several groups with one name the first that took part. */
function groupOf(name: string, { slots, characters, groups, work }: Match): string {
  work.spend(groups.length);
  const isIndex = /^(0|[1-9]\d{0,8})$/.test(name);
  const indices = isIndex ? [Number(name)] : groups.flatMap((group, index) => (group === name ? [index] : []));
  for (const index of indices) {
    const [start = -1, end = -1] = [slots[2 * index], slots[2 * index + 1]];
    if (start < 0 || end < 0) continue;
    work.spend(end - start);
    return characters.slice(start, end).join('');
  }
  return '';
}
