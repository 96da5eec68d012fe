/** What the page of a matrix looks like, by day and by night, and on paper. Colours are never all that tells cells apart. */
export const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; --line: #8885; --paper: #fff; --ink: #1b1b1f;
  --allow: #d8f0dc; --deny: #fbdcd8; --pending: #fbeec2; --hidden: #e9e9ee; --depends: #d6e9fb; --mark: #7a3ff2; }
@media (prefers-color-scheme: dark) { :root { --paper: #17171b; --ink: #e8e8ee; --allow: #17402a; --deny: #4d211d;
  --pending: #4a3c10; --hidden: #2b2b33; --depends: #173a57; --mark: #b79bff; } }
body { margin: 0; background: var(--paper); color: var(--ink); }
header, main > p { padding: 0 1.5rem; }
h1 { margin: 1rem 0 0; font-size: 1.5rem; }
form { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; }
input[type=search], select { font: inherit; padding: .2rem .4rem; }
.hint { color: color-mix(in srgb, var(--ink) 70%, transparent); font-size: .9rem; }
main { overflow: auto; max-height: 78vh; border-top: 1px solid var(--line); }
table { border-collapse: separate; border-spacing: 0; }
th, td { border: solid var(--line); border-width: 0 1px 1px 0; padding: 0; text-align: left; vertical-align: top; }
th { background: var(--paper); padding: .35rem .75rem; font-weight: 600; white-space: nowrap; }
thead th { position: sticky; top: 0; z-index: 2; }
tbody th { position: sticky; left: 0; z-index: 1; font: .9rem ui-monospace, monospace; }
thead th:first-child { left: 0; z-index: 3; }
td.allow { background: var(--allow); } td.deny { background: var(--deny); } td.pending { background: var(--pending); }
td.hidden { background: var(--hidden); } td.depends { background: var(--depends); }
td.changed { box-shadow: inset 0 0 0 3px var(--mark); font-weight: 600; }
td.dim { opacity: .25; }
summary { padding: .35rem .75rem; cursor: pointer; list-style: none; white-space: nowrap; }
summary::-webkit-details-marker { display: none; }
summary:focus-visible { outline: 3px solid var(--mark); outline-offset: -3px; }
details[open] { max-width: 26rem; }
details div { padding: 0 .75rem .5rem; font-weight: 400; overflow-wrap: anywhere; }
details p { margin: .25rem 0; }
code { font: .85rem ui-monospace, monospace; }
[hidden] { display: none; }
@media print { main { max-height: none; overflow: visible; } form, .hint { display: none; } }
`;

/** Filters rows and columns, and moves between cells with the arrow keys. */
export const SCRIPT = `
const byId = (id) => document.getElementById(id);
const rows = [...document.querySelectorAll('tbody tr')];
const heads = [...document.querySelectorAll('thead th')].slice(1);
const has = (text, words) => words.toLowerCase().split(/\\s+/).every((word) => text.toLowerCase().includes(word));
const apply = () => {
  const [tools, principals, verdict] = ['tools', 'principals', 'verdict'].map((id) => byId(id).value);
  const changed = byId('changed')?.checked === true;
  const columns = heads.map((head) => has(head.textContent, principals));
  heads.forEach((head, at) => (head.hidden = !columns[at]));
  let shown = 0;
  for (const row of rows) {
    const cells = [...row.cells].slice(1);
    let fits = false;
    cells.forEach((cell, at) => {
      cell.hidden = !columns[at];
      const isMeant = (verdict === '' || cell.classList.contains(verdict)) && (!changed || cell.classList.contains('changed'));
      cell.classList.toggle('dim', !isMeant);
      fits ||= columns[at] && isMeant && cell.firstChild !== null;
    });
    row.hidden = !fits || !has(row.cells[0].textContent, tools);
    if (!row.hidden) shown += 1;
  }
  byId('shown').textContent = shown + ' of ' + rows.length + ' tools';
};
document.querySelector('form').addEventListener('input', apply);
document.querySelector('form').addEventListener('submit', (event) => event.preventDefault());
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
document.querySelector('tbody').addEventListener('keydown', (event) => {
  const cell = event.target.closest('td');
  if (cell === null) return;
  if (event.key === 'Escape') cell.querySelector('details').open = false;
  const move = MOVES[event.key];
  if (move === undefined) return;
  const visible = rows.filter((row) => !row.hidden).map((row) => [...row.cells].slice(1).filter((one) => !one.hidden));
  const y = visible.findIndex((cells) => cells.includes(cell));
  const next = visible[y + move[0]]?.[visible[y].indexOf(cell) + move[1]]?.querySelector('summary');
  if (next === undefined || next === null) return;
  event.preventDefault();
  next.focus();
});
apply();
`;
