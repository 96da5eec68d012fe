import type { Change } from '../clients/connection.ts';
import type { ClientServer } from '../clients/entry.ts';
import { stateOfText } from '../clients/find.ts';
import type { Machine } from '../clients/machine.ts';
import { maskedText } from '../core/masked-text.ts';
import { lineDiff } from '../review/line-diff.ts';
import { paint, printLine, type Terminal, visible } from './terminal.ts';

/**
 * What would change in a file, without what its servers are given. Of a file that cannot be read nobody knows what is
 * secret in it, so that nothing of it is shown.
 */
export function diffOf({ place, before, after }: Change, machine: Machine): string {
  const texts = [
    before.kind === 'text' ? before.text : '',
    after === undefined ? '' : Buffer.from(after).toString('utf8'),
  ];
  const [was = '', is = ''] = texts;
  const states = texts.map((text) => stateOfText(text, place, machine));
  const secrets = states.flatMap((state) => (state.kind === 'read' ? state.servers.flatMap(givenTo) : []));
  const diff = lineDiff(was, is, place.path);
  if (states.every(({ kind }) => kind === 'read')) return masked(diff, secrets);
  return diff === '' ? '' : `--- ${place.path}\n+++ ${place.path}\n(not shown: one of the two cannot be read)`;
}

const SPOKEN_OF =
  /((?:token|key|secret|passw|pwd|credential|auth|cookie|bearer)[\w-]*["']?\s*[:=]\s*["']?)[^"'\s,}\]]{8,}/gi;

function masked(diff: string, secrets: readonly string[]): string {
  const longestFirst = secrets.toSorted((left, right) => right.length - left.length);
  return maskedText(diff, longestFirst).replaceAll(SPOKEN_OF, '$1••••••••');
}

export function printDiff(terminal: Terminal, diff: string): void {
  for (const line of diff.split('\n').filter((one) => one !== '')) printLine(terminal, coloured(terminal, shown(line)));
}

/** Values that are short are words and numbers; masking them would hide half of the file. */
function givenTo(server: ClientServer): readonly string[] {
  const values = Object.values(server.kind === 'local' ? server.env : server.headers);
  return values
    .map((value) => value.replace(/^Bearer\s+/i, '').replaceAll('$$', '$'))
    .filter((value) => value.length >= 8 && !value.includes('${'))
    .map((value) => JSON.stringify(value).slice(1, -1));
}

const LONGEST = 400;

function shown(line: string): string {
  const text = visible(line);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function coloured(terminal: Terminal, line: string): string {
  if (line.startsWith('+')) return paint(terminal, 'green', line);
  return line.startsWith('-') ? paint(terminal, 'red', line) : line;
}
