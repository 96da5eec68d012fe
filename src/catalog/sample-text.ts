/** What is read of a pattern, and where it goes on. */
interface Read {
  readonly text: string;
  readonly end: number;
}

const CLASSES: Readonly<Record<string, string>> = { d: '1', w: 'a', s: ' ', D: 'a', W: '-', S: 'a' };
const CONTROLS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v' };
/** Likely members of a class, the plainest first. */
const PLAIN = 'a1A0-_ .@/:é'.split('');
const MOST_REPEATED = 1_000;

/**
 * A short text that a pattern takes, as plain ones are written: of alternatives the first, of what may be repeated the
 * least. Undefined where the pattern wants more than that: the caller finds out whether the text fits.
 */
export function sampleText(pattern: string): string | undefined {
  try {
    const { text, end } = alternatives(pattern, 0);
    return end === pattern.length ? text : undefined;
  } catch {
    return undefined;
  }
}

function alternatives(pattern: string, start: number): Read {
  const first = sequence(pattern, start);
  let { end } = first;
  while (pattern[end] === '|') ({ end } = sequence(pattern, end + 1));
  return { text: first.text, end };
}

function sequence(pattern: string, start: number): Read {
  let [text, at] = ['', start];
  while (at < pattern.length && pattern[at] !== '|' && pattern[at] !== ')') {
    const atom = atomAt(pattern, at);
    const { least, end } = quantifierAt(pattern, atom.end);
    text += atom.text.repeat(least);
    at = end;
  }
  return { text, end: at };
}

function atomAt(pattern: string, at: number): Read {
  const character = pattern[at] ?? '';
  if (character === '^' || character === '$') return { text: '', end: at + 1 };
  if (character === '(') return groupAt(pattern, at);
  if (character === '[') return classAt(pattern, at);
  if (character === '\\') return escapeAt(pattern, at);
  return { text: character === '.' ? 'a' : character, end: at + 1 };
}

function groupAt(pattern: string, at: number): Read {
  const [opening = '('] = /^\((\?:|\?<[A-Za-z_]\w*>)?/.exec(pattern.slice(at)) ?? [];
  // What is looked ahead or back for stands elsewhere.
  if (pattern.startsWith('(?', at) && opening === '(') throw new Error('a look around');
  const inner = alternatives(pattern, at + opening.length);
  return { text: inner.text, end: inner.end + 1 };
}

function classAt(pattern: string, at: number): Read {
  const [whole = ''] = /^\[(?:\\.|[^\]\\])*\]/s.exec(pattern.slice(at)) ?? [];
  const members = new RegExp(whole, 'u');
  const text = [...PLAIN, ...whole.split('')].find((character) => members.test(character));
  if (whole === '' || text === undefined) throw new Error('no plain class');
  return { text, end: at + whole.length };
}

function escapeAt(pattern: string, at: number): Read {
  const escaped = pattern[at + 1] ?? '';
  if (escaped === 'b' || escaped === 'B') return { text: '', end: at + 2 };
  if (/[1-9pPukcx]/.test(escaped)) throw new Error('no plain escape');
  return { text: CLASSES[escaped] ?? CONTROLS[escaped] ?? escaped, end: at + 2 };
}

function quantifierAt(pattern: string, at: number): { readonly least: number; readonly end: number } {
  const [whole = '', sign = '', bound] = /^(?:([*+?])|\{(\d+)(?:,\d*)?\})\??/.exec(pattern.slice(at)) ?? [];
  if (bound !== undefined) return { least: Math.min(Number(bound), MOST_REPEATED), end: at + whole.length };
  return { least: sign === '*' || sign === '?' ? 0 : 1, end: at + whole.length };
}
