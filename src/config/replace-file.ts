import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';

const NEW_FILE_MODE = 0o644;

/**
 * Writes the whole file, so that a reader sees the old one or the new one. It keeps its permissions, and where its name is
 * a link, the link stays and what it leads to is written. Throws what the file system does, and leaves nothing behind.
 */
export function replaceFile(path: string, text: string | Uint8Array): void {
  const found = statSync(path, { throwIfNoEntry: false });
  const target = found === undefined ? path : realpathSync(path);
  const scratch = `${target}.${randomUUID()}`;
  try {
    const handle = openSync(scratch, 'wx', (found?.mode ?? NEW_FILE_MODE) & 0o777);
    try {
      // Whatever new files are created with, the old rights stay.
      if (found !== undefined) fchmodSync(handle, found.mode & 0o777);
      writeFileSync(handle, text);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(scratch, target);
  } finally {
    rmSync(scratch, { force: true });
  }
}
