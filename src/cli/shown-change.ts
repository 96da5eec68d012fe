import type { Change } from '../clients/connection.ts';
import type { ClientServer } from '../clients/entry.ts';
import { maskedText } from '../core/masked-text.ts';
import { lineDiff } from '../review/line-diff.ts';
import { paint, printLine, type Terminal, visible } from './terminal.ts';

/** What would change in a file, without what its servers are given. */
export function diffOf({ place, before, after, state }: Change): string {
  const was = before.kind === 'text' ? before.text : '';
  const is = after === undefined ? '' : Buffer.from(after).toString('utf8');
  return maskedText(lineDiff(was, is, place.path), state.servers.flatMap(givenTo));
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
