import { type CallVerdict, isChanged, type Matrix } from './matrix.ts';

/** One row for each call, with a header (RFC 4180). Lists are separated by spaces. */
export function matrixCsv({ cells, generations: [, candidate] }: Matrix): string {
  const isCompared = candidate !== '';
  const header = ['principal', 'tool', 'sample', 'effect', 'reasons', 'rules'];
  const more = ['candidate_effect', 'candidate_reasons', 'candidate_rules', 'changed', 'because'];
  const rows = cells.flatMap(({ principal, tool, calls }) =>
    calls.map((call) => {
      const own = [principal, tool, call.sample, ...cellsOf(call.now)];
      if (!isCompared) return own;
      return [...own, ...cellsOf(call.candidate ?? call.now), isChanged(call) ? 'yes' : 'no', call.because.join(' ')];
    }),
  );
  return [isCompared ? [...header, ...more] : header, ...rows]
    .map((row) => `${row.map(quoted).join(',')}\r\n`)
    .join('');
}

function cellsOf({ effect, reasons, rules }: CallVerdict): readonly string[] {
  return [effect, reasons.join(' '), rules.join(' ')];
}

/** A spreadsheet takes what begins like a formula for one; an apostrophe says that it is text. */
function quoted(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
