import type { Change } from '../clients/connection.ts';
import type { ClientServer } from '../clients/entry.ts';
import { type ClientPlace, stateOfText } from '../clients/find.ts';
import type { Machine } from '../clients/machine.ts';
import { parseText } from '../clients/parse-text.ts';
import { isJsonObject } from '../core/json.ts';
import { maskedText } from '../core/masked-text.ts';
import { secretsInArguments, secretsInUrl } from '../core/plain-secrets.ts';
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
  const secrets = [
    ...states.flatMap((state) => (state.kind === 'read' ? state.servers.flatMap(secretsIn) : [])),
    ...texts.flatMap((text) => givenIn(text, place)),
  ];
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

/** In the arguments or the address of a server. */
function secretsIn(server: ClientServer): readonly string[] {
  const texts = (server.kind === 'local' ? server.args : [server.url]).map((text) => text.replaceAll('$$', '$'));
  const parts = server.kind === 'local' ? secretsInArguments(texts) : texts.map(secretsInUrl);
  return texts.flatMap((text, index) =>
    (parts[index] ?? []).flatMap(({ start, end }) => asWritten(text.slice(start, end))),
  );
}

/**
 * What any entry is given as variables or headers, also one that is switched off or cannot be read. Values that are short
 * are words and numbers; masking them would hide half of the file.
 */
function givenIn(text: string, { client }: ClientPlace): readonly string[] {
  const parsed = parseText(text, client.syntax);
  const { env, headers } = client.dialect;
  const groups = new Set([env, 'env', 'headers', headers.split('.').at(-1)]);
  return valuesUnder(groups, parsed.kind === 'value' ? parsed.value : undefined)
    .map((value) => value.replace(/^Bearer\s+/i, ''))
    .filter((value) => value.length >= 8 && !value.includes('${'))
    .flatMap(asWritten);
}

function valuesUnder(groups: ReadonlySet<string | undefined>, value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((one: unknown) => valuesUnder(groups, one));
  if (!isJsonObject(value)) return [];
  return Object.entries<unknown>(value).flatMap(([key, inner]) => {
    const given = groups.has(key) && isJsonObject(inner) ? Object.values<unknown>(inner) : [];
    return [...given.filter((one) => typeof one === 'string'), ...valuesUnder(groups, inner)];
  });
}

/** Between quotation marks, or as it is. */
function asWritten(value: string): readonly string[] {
  return [...new Set([JSON.stringify(value).slice(1, -1), value])];
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
