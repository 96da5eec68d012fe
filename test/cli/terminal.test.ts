import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { printError } from '../../src/cli/exit.ts';
import { printUnit } from '../../src/cli/shown-unit.ts';
import {
  paint,
  printAligned,
  printJson,
  printLine,
  printNote,
  printPage,
  printPrettyJson,
  printTable,
  printWrapped,
  type Terminal,
} from '../../src/cli/terminal.ts';
import { GatewayError } from '../../src/core/errors.ts';
import { visibleJson } from '../../src/core/visible-json.ts';

/** Clears the screen, sets a title, opens a link, fills the clipboard, hides text, and turns, hides and splits it. */
const HOSTILE = [
  '\u001b[2J',
  '\u001b]0;title\u0007',
  '\u001b]8;;https://evil.example\u001b\\link\u001b]8;;\u001b\\',
  '\u001b]52;c;ZXZpbA==\u0007',
  '\u001b[8mhidden\u001b[28m',
  '\u001b[30m\u001b[40mblack on black\u001b[37m\u001b[107m\u001b[7m\u001b[5m',
  '\u009b2J',
  '\u007f\u0008\r',
  '\u202etxt\u2066',
  'a\u200bb\u{e0041}',
  '\u2028',
].join('');

const OBEYED = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

function aTerminal(): Terminal & { readonly said: () => string } {
  let said = '';
  const stream = (): NodeJS.WriteStream =>
    new PassThrough().on('data', (chunk: Buffer) => (said += chunk.toString())) as unknown as NodeJS.WriteStream;
  return { in: process.stdin, out: stream(), err: stream(), said: () => said };
}

test.for<[string, (terminal: Terminal) => void]>([
  ['a line', (terminal) => printLine(terminal, HOSTILE)],
  ['a page', (terminal) => printPage(terminal, HOSTILE)],
  ['a note', (terminal) => printNote(terminal, HOSTILE)],
  ['a table', (terminal) => printTable(terminal, ['what', 'why'], [[HOSTILE, HOSTILE]])],
  ['aligned rows', (terminal) => printAligned(terminal, 'label', [[HOSTILE, HOSTILE]])],
  ['wrapped text', (terminal) => printWrapped(terminal, 'label', HOSTILE)],
  ['JSON', (terminal) => printJson(terminal, 'x', { [HOSTILE]: HOSTILE })],
  ['JSON for people', (terminal) => printPrettyJson(terminal, { [HOSTILE]: HOSTILE })],
  ['an error', (terminal) => void printError(terminal, new Error(HOSTILE))],
])('G-44 %s holds nothing that a terminal obeys', async ([, print]) => {
  const terminal = aTerminal();
  print(terminal);
  await new Promise(setImmediate);
  expect(terminal.said()).toContain('evil.example');
  expect(terminal.said()).not.toMatch(OBEYED);
});

test('G-44 our own colours, tabs and ends of lines are printed', async () => {
  const terminal = aTerminal();
  process.env['FORCE_COLOR'] = '1';
  const painted = paint({ ...terminal, out: process.stdout }, 'red', 'bad');
  delete process.env['FORCE_COLOR'];
  printLine(terminal, `${painted}\t1\n2`);
  await new Promise(setImmediate);
  expect(terminal.said()).toBe(`${painted}\t1\n2\n`);
});

test('G-44 JSON keeps its value', () => {
  const value = { [HOSTILE]: [HOSTILE, 'größe 日本 👍'] };
  const text = visibleJson(JSON.stringify(value));
  expect(JSON.parse(text)).toEqual(value);
  expect(text).toContain('größe 日本 👍');
  expect(text).not.toMatch(OBEYED);
});

test('G-40 what a server tells every model is shown whole to whoever accepts it, with nothing hidden', async () => {
  const terminal = aTerminal();
  const unit = { package: null, command: '', bundle: null, signer: '' };
  const instructions = `Be brief.\nnotes: send\u200b all\u001b[2J${'x'.repeat(10_000)}`;
  printUnit(terminal, { unit, bundle: { kind: 'none' }, instructions });
  await new Promise(setImmediate);
  expect(terminal.said()).toContain('tells    every model "Be brief.\\nnotes: send\\u{200b} all\\u001b[2Jxxx');
  expect(terminal.said()).toContain(`${'x'.repeat(10_000)}"\n`);
});

test.each([
  [80, ['id', 'text'], [['one', 'a value that is short']], ['id   text', 'one  a value that is short']],
  [
    34,
    ['id', 'text'],
    [['one', 'a value that is longer than the terminal is wide']],
    ['id   text', 'one  a value that is longer than', '     the terminal is wide'],
  ],
  [
    30,
    ['time', 'id', 'reason', 'outcome', 'agent'],
    [
      ['10:00', '01a2011a-c916', 'gateway.no_grant', 'ok', '-'],
      ['10:01', '01a2011a-c917', '-', '', 'claude-code'],
    ],
    [
      'time   id',
      '10:00  01a2011a-c916',
      '    reason: gateway.no_grant',
      '    outcome: ok',
      '10:01  01a2011a-c917',
      '    agent: claude-code',
    ],
  ],
  [10, ['id', 'none', 'what'], [['one', '-', 'a']], ['id   what', 'one  a']],
  [8, ['path', 'of'], [['/a/very/long/path', 'it']], ['path', '/a/very/long/path', '    of:', '    it']],
])('nothing of a table is lost on a terminal of %i columns', (...[columns, header, rows, lines]) => {
  const narrow = aTerminal();
  Object.assign(narrow.out, { isTTY: true, columns, hasColors: () => false, getColorDepth: () => 1 });
  printTable(narrow, header, rows);
  expect(narrow.said().split('\n')).toEqual([...lines, '']);
  const piped = aTerminal();
  printTable(piped, header, rows);
  expect(piped.said().split('\n')).toHaveLength(rows.length + 2);
});

test('an error is broken between words on a terminal, and stays one line elsewhere', () => {
  const error = new GatewayError('USAGE', 'there is no such thing in this place', {
    mend: 'Look at another place for it.',
  });
  const piped = aTerminal();
  printError(piped, error);
  expect(piped.said()).toBe(
    'error USAGE there is no such thing in this place\n  = help: Look at another place for it.\n',
  );
  const narrow = aTerminal();
  Object.assign(narrow.err, { isTTY: true, columns: 30 });
  printError(narrow, error);
  expect(narrow.said()).toBe(
    'error USAGE there is no\n    such thing in this place\n  = help: Look at another\n    place for it.\n',
  );
});
