import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** What a program is started with, as LD_PRELOAD, to see another time than the machine has. */
export function libraryOfFaketime(): string {
  const roots = readdirSync('/usr/lib', { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const folders = roots.map(({ name }) => join('/usr/lib', name, 'faketime'));
  const folder = folders.find((path) => filesIn(path).includes('libfaketime.so.1'));
  if (folder === undefined) throw new Error('libfaketime is not installed: run test/faults/install.sh');
  return join(folder, 'libfaketime.so.1');
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
