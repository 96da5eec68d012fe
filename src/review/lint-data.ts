import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { kindOfFile } from '../policy/bundle-path.ts';
import type { LintRule } from './lint-rule.ts';
import type { LintSubject } from './lint-subject.ts';
import { liesIn } from './lint-terms.ts';

export const UNUSED_DATA: LintRule = {
  code: 'lint_unused_data',
  severity: 'warning',
  about:
    'A part of the data that no rule and no counter reads: a setting that does nothing, or a name that is written in two ways.',
  find: ({ bundle, inspection, dataFiles }) => {
    const read = [...inspection.entrypoint.dataReads, ...countersRead(bundle)];
    return unreadPaths(bundle.data, '', read).map((path) => ({
      message: `data.${path} is never read`,
      ...placeIn(dataFiles, path.split('.')),
    }));
  },
};

function countersRead({ manifest }: LintSubject['bundle']): readonly string[] {
  const text = JSON.stringify(manifest.metadata.gateway.counters);
  return [...text.matchAll(/"data\.([A-Za-z0-9_.]+)"/g)].map(([, path = '']) => path);
}

/** The widest paths of which nothing is read. What is read as a whole is read with all that is in it. */
function unreadPaths(data: JsonObject, below: string, read: readonly string[]): readonly string[] {
  return Object.entries(data).flatMap(([name, value]: [string, Json]) => {
    const path = below === '' ? name : `${below}.${name}`;
    if (read.some((wider) => wider === '' || liesIn(path, wider))) return [];
    if (!read.some((deeper) => liesIn(deeper, path)))
      return isJsonObject(value) && Object.keys(value).length === 0 ? [] : [path];
    return isJsonObject(value) ? unreadPaths(value, path, read) : [];
  });
}

interface DataPlace {
  readonly file: string;
  readonly row: number;
  readonly column: number;
}

/** Where the names of a path stand one after the other; the file as a whole where they do not. */
function placeIn(files: Readonly<Record<string, string>>, path: readonly string[]): DataPlace {
  for (const [file, text] of Object.entries(files)) {
    let at = 0;
    // What lies in a folder has the folder's names already.
    const folders = file.split('/').slice(0, -1);
    const names = path.slice(folders.length);
    for (const name of names)
      at = at < 0 ? at : text.indexOf(kindOfFile(file) === 'json' ? JSON.stringify(name) : `${name}:`, at);
    if (at >= 0 && folders.every((folder, index) => folder === path[index])) return placeAt(file, text, at);
  }
  return { file: '', row: 0, column: 0 };
}

function placeAt(file: string, text: string, at: number): DataPlace {
  const before = text.slice(0, at).split('\n');
  return { file, row: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
