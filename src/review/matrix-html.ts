import { createHash } from 'node:crypto';
import { SCRIPT, STYLE } from './matrix-page.ts';
import { changesIn, isChanged, type Matrix, type MatrixCall, type MatrixCell, verdictText } from './matrix.ts';

/**
 * One page that needs nothing else: tools down, principals across, each cell a disclosure with its calls. It is read
 * without its script too, which filters and moves with the arrow keys.
 */
export function matrixHtml(matrix: Matrix): string {
  const { time, generations, principals } = matrix;
  const [now, candidate] = generations;
  const isCompared = candidate !== '';
  const about = isCompared
    ? `generation ${now}, compared with ${candidate}, which has the candidates`
    : `generation ${now}`;
  const policy = `default-src 'none'; style-src '${hashOf(STYLE)}'; script-src '${hashOf(SCRIPT)}'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>Who may call what</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Who may call what</h1>
<p>At ${escaped(time)}, by ${escaped(about)}. ${countText(matrix)}</p>
<form role="search" aria-label="Filter">
<label>Tools <input type="search" id="tools" autocomplete="off"></label>
<label>Principals <input type="search" id="principals" autocomplete="off"></label>
<label>Decision <select id="verdict"><option value="">any</option>${OPTIONS}</select></label>
${isCompared ? '<label><input type="checkbox" id="changed"> changed only</label>' : ''}
<output id="shown"></output>
</form>
<p class="hint">Tab or the arrow keys move between cells, Enter opens one, Escape closes it.</p>
</header>
<main>
<table>
<thead><tr><th scope="col">Tool</th>${principals.map((name) => `<th scope="col">${escaped(name)}</th>`).join('')}</tr></thead>
<tbody>
${rowsOf(matrix).join('\n')}
</tbody>
</table>
${unsampledText(matrix)}
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

const VERDICTS = ['allow', 'deny', 'pending', 'hidden', 'depends'] as const;
const OPTIONS = VERDICTS.map((verdict) => `<option>${verdict}</option>`).join('');

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function countText(matrix: Matrix): string {
  const calls = matrix.cells.reduce((sum, cell) => sum + cell.calls.length, 0);
  const said = `${matrix.cells.length} cells, ${calls} calls.`;
  const [, candidate] = matrix.generations;
  return candidate === '' ? said : `${said} <strong>${changesIn(matrix).length} calls are decided otherwise.</strong>`;
}

function rowsOf({ tools, principals, cells }: Matrix): readonly string[] {
  const byPlace = new Map(cells.map((cell) => [`${cell.tool}\n${cell.principal}`, cell]));
  return tools.map((tool) => {
    const row = principals.map((principal) => cellHtml(byPlace.get(`${tool}\n${principal}`)));
    return `<tr><th scope="row">${escaped(tool)}</th>${row.join('')}</tr>`;
  });
}

function cellHtml(cell: MatrixCell | undefined): string {
  if (cell === undefined) return '<td></td>';
  const { now, candidate = now, calls } = cell;
  const isOther = calls.some(isChanged);
  const words = now === candidate ? `${now}${isOther ? ' *' : ''}` : `${now} → ${candidate}`;
  const kind = isOther ? `${candidate} changed` : candidate;
  return `<td class="${kind}"><details><summary>${words}</summary><div>${calls.map(callHtml).join('')}</div></details></td>`;
}

function callHtml(call: MatrixCall): string {
  const { sample, now, candidate = now, because } = call;
  const verdict = isChanged(call)
    ? `<del>${escaped(verdictText(now))}</del> <ins>${escaped(verdictText(candidate))}</ins>`
    : escaped(verdictText(now));
  const rules = because.length > 0 ? `because of ${because.join(', ')}` : candidate.rules.join(', ');
  return `<p><code>${escaped(sample)}</code> ${verdict}${rules === '' ? '' : `<br><small>${escaped(rules)}</small>`}</p>`;
}

function unsampledText({ unsampled }: Matrix): string {
  if (unsampled.length === 0) return '';
  return `<p>No valid arguments could be made for ${escaped(unsampled.join(', '))}, which therefore show as denied.</p>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
