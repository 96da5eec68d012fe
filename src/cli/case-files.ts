import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The file itself; of a folder the files of cases in it, sorted by name. */
export function caseFiles(path: string): readonly string[] {
  if (!existsSync(path) || !statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => /\.ya?ml$/.test(name) && !name.startsWith('.'))
    .toSorted()
    .map((name) => join(path, name));
}
