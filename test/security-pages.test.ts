import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

/** Classes of attacks and faults, by the numbers that are given; others stand for nothing. */
const CLASSES = [
  ...numbered('G', [1, 16], [20, 30], [40, 51], [60, 72], [80, 88]),
  ...numbered('F', [1, 5], [10, 16], [20, 20], [30, 36], [40, 42], [50, 52], [60, 62], [70, 70]),
];
const PAGES = filesUnder('docs/security').filter((path) => path.endsWith('.md'));
const TESTS = filesUnder('test').filter((path) => path.endsWith('.ts'));
const TEXTS = new Map(TESTS.map((path) => [path, readFileSync(path, 'utf8')]));

interface Row {
  readonly page: string;
  readonly classes: readonly string[];
  /** The cell that names tests; it names none where the class does not apply or stands on another page. */
  readonly shown: string;
}

const ROWS = PAGES.flatMap(rowsOf);

test('each class of attack and fault has a row', () => {
  const told = new Set(ROWS.flatMap(({ classes }) => classes));
  expect(CLASSES.filter((id) => !told.has(id))).toEqual([]);
  expect([...told].filter((id) => !CLASSES.includes(id))).toEqual([]);
});

test('each row that names tests names files that are there, and one of them has a test of that name', () => {
  const wrong = ROWS.flatMap(({ page, classes, shown }) => {
    const named = namesIn(shown).map((name) => ({ name, files: filesNamed(name, page) }));
    if (named.length === 0) return [];
    const missing = named.filter(({ files }) => files.length === 0).map(({ name }) => `${page}: there is no ${name}`);
    const files = named.flatMap((one) => one.files);
    const untold = classes.filter((id) => !files.some((file) => hasTitle(file, id)));
    return [...missing, ...untold.map((id) => `${page}: no test of ${shown} is called ${id}`)];
  });
  expect(wrong).toEqual([]);
});

test('each class is in the name of a test, unless all its rows say why not', () => {
  const without = CLASSES.filter((id) => !TESTS.some((file) => hasTitle(file, id)));
  const silent = without.filter((id) => {
    const rows = ROWS.filter(({ classes }) => classes.includes(id));
    return !rows.every(({ shown }) => /^(does not apply|not built|no test)\b/.test(shown));
  });
  expect(silent).toEqual([]);
});

test('each link between pages leads to a page, and to a heading that it has', () => {
  const pages = [...filesUnder('docs'), 'README.md', 'SECURITY.md', 'CONTRIBUTING.md', ...filesUnder('policy-bundles')];
  const dead = pages
    .filter((path) => path.endsWith('.md'))
    .flatMap((path) => linksIn(path).flatMap((link) => (isGood(path, link) ? [] : [`${path}: ${link}`])));
  expect(dead).toEqual([]);
});

test('no two decisions have one number', () => {
  const numbers = readdirSync('docs/decisions').flatMap((name) => /^\d{3}/.exec(name)?.[0] ?? []);
  expect(numbers.toSorted()).toEqual(numbers.map((_, index) => String(index + 1).padStart(3, '0')));
});

function numbered(letter: string, ...ranges: readonly (readonly [number, number])[]): readonly string[] {
  return ranges.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, index) => `${letter}-${String(first + index).padStart(2, '0')}`),
  );
}

function filesUnder(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.includes('node_modules'))
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile());
}

function rowsOf(page: string): readonly Row[] {
  const lines = readFileSync(page, 'utf8').split('\n');
  return lines.flatMap((line): Row[] => {
    const cells = line.split('|').map((cell) => cell.trim());
    const [, first = ''] = cells;
    const range = /^([GF])-(\d\d) to \1-(\d\d)$/.exec(first);
    const classes =
      range === null
        ? (first.match(/[GF]-\d\d/g) ?? [])
        : numbered(range[1] ?? '', [Number(range[2]), Number(range[3])]);
    const shown = cells.at(-2) ?? '';
    // `the same` is what the row above names.
    const isSame = shown.startsWith('the same');
    const above = isSame
      ? lines.slice(0, lines.indexOf(line)).findLast((one) => !one.includes('| the same'))
      : undefined;
    return classes.length === 0 ? [] : [{ page, classes, shown: above?.split('|').at(-2)?.trim() ?? shown }];
  });
}

/** Names of files and folders; commands and words are none. */
function namesIn(cell: string): readonly string[] {
  const quoted = [...cell.matchAll(/`([^`\s]+)`/g)].map(([, name = '']) => name);
  return /(^|, )e2e\b/.test(cell) ? [...quoted, 'e2e/hostile-upstreams'] : quoted;
}

/** A name that stands alone is looked for in the folder of the area first. */
function filesNamed(name: string, page: string): readonly string[] {
  const own = page.endsWith('faults.md') ? 'test/faults' : page.endsWith('evidence.md') ? 'test/state' : 'test/e2e';
  const wanted = [name, `test/${name}.test.ts`, `${own}/${name}`, `${own}/${name}.test.ts`, `test/e2e/${name}`];
  const found = wanted.find((path) => existsSync(path));
  if (found === undefined || !found.startsWith('test/')) return found === undefined ? [] : [found];
  return TESTS.filter((path) => path === found || path.startsWith(`${found}/`));
}

function hasTitle(file: string, id: string): boolean {
  return new RegExp(`['"\`]([^'"\`\n]* )?${id}\\b`).test(TEXTS.get(file) ?? '');
}

function linksIn(path: string): readonly string[] {
  const links = [...readFileSync(path, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => !/^(https?|mailto):/.test(link));
}

function isGood(from: string, link: string): boolean {
  const [path = '', heading] = link.split('#');
  const to = path === '' ? from : normalize(join(dirname(from), path));
  if (!existsSync(to)) return false;
  return heading === undefined || !to.endsWith('.md') || headingsOf(to).includes(heading);
}

/** As GitHub makes them. */
function headingsOf(path: string): readonly string[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[^\p{L}\p{N}_\- ]/gu, '');
  return lines.flatMap((line) => (/^#+ /.test(line) ? [plain(line.replace(/^#+ /, '')).replaceAll(' ', '-')] : []));
}
