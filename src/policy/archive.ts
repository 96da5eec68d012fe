import { Parser, type ReadEntry } from 'tar';
import {
  belongsToBundle,
  collisionKey,
  kindOfFile,
  MAX_ARCHIVE_BYTES,
  MAX_BYTES,
  MAX_ENTRIES,
  pathProblem,
} from './bundle-path.ts';
import { gunzipOne } from './gunzip.ts';

const MAX_RATIO = 100;
/** Below this size the zeros that tar pads with make any ratio. */
const RATIO_COUNTS_FROM_BYTES = 1024 * 1024;

/**
 * The files of a `.tar.gz`, read in memory: nothing is ever written to disk, so
 * no name, link or device in it can reach anything. Throws an Error that says
 * what the archive is refused for.
 */
export async function readArchive(archive: Buffer): Promise<ReadonlyMap<string, Uint8Array>> {
  const tarBytes = inflate(archive);
  const files = new Map<string, Uint8Array>();
  const seen = new Set<string>();
  const parser = new Parser({ strict: true, brotli: false, zstd: false });
  await new Promise<void>((resolve, reject) => {
    const refuse = (reason: string): void => {
      const error = new Error(reason);
      reject(error);
      parser.abort(error);
    };
    parser.on('error', reject);
    parser.on('end', resolve);
    parser.on('meta', (text: string) => {
      // One reader ends a name at the NUL, another does not.
      if (/\0[^\0]/.test(text)) refuse('a name in it has a NUL');
    });
    parser.on('entry', (entry: ReadEntry) => {
      const problem = seen.size >= MAX_ENTRIES ? `it has more than ${MAX_ENTRIES} entries` : entryProblem(entry, seen);
      if (problem !== '') {
        entry.resume();
        refuse(problem);
        return;
      }
      collect(entry, files);
    });
    parser.end(tarBytes);
  });
  return files;
}

function inflate(archive: Buffer): Buffer {
  if (archive.length > MAX_ARCHIVE_BYTES) throw new Error('it is larger than 16 MB');
  const limit = Math.min(MAX_BYTES, Math.max(RATIO_COUNTS_FROM_BYTES, archive.length * MAX_RATIO));
  const tarBytes = gunzipOrExplain(archive, limit);
  // The tar parser would unpack these once more, past our limits.
  const magic = tarBytes.subarray(0, 4).toString('hex');
  if (magic.startsWith('1f8b') || magic === '28b52ffd') throw new Error('it is compressed twice');
  return tarBytes;
}

function gunzipOrExplain(archive: Buffer, limit: number): Buffer {
  try {
    return gunzipOne(archive, limit);
  } catch (cause) {
    const isTooLarge = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE';
    if (!isTooLarge) throw cause;
    throw new Error(`unpacked it is larger than 64 MB, or more than ${MAX_RATIO} times its packed size`, { cause });
  }
}

function entryProblem(entry: ReadEntry, seen: Set<string>): string {
  const path = pathOf(entry);
  const isFolder = entry.type === 'Directory';
  if (!isFolder && entry.type !== 'File' && entry.type !== 'OldFile') {
    return `${printable(entry.path)} is a ${entry.type}: only regular files are read`;
  }
  if (isFolder && path === '') return '';
  const problem = pathProblem(path);
  if (problem !== '') return `${printable(entry.path)}: ${problem}`;
  if (!isFolder && path === 'patch.json') return 'it is a delta bundle (patch.json); only whole bundles are read';
  if (!isFolder && kindOfFile(path) === null) {
    return `${path} is none of .manifest, .signatures.json, *.rego, data.json, data.yaml`;
  }
  const key = collisionKey(path);
  if (seen.has(key)) return `${path} is there twice`;
  seen.add(key);
  return '';
}

/** `opa build` writes `/policy.rego`, `tar -C folder .` writes `./policy.rego`. */
function pathOf(entry: ReadEntry): string {
  return entry.path.replace(/^\.?\//, '').replace(/\/$/, '');
}

function collect(entry: ReadEntry, files: Map<string, Uint8Array>): void {
  // As in a folder: what editors and plain OPA need beside the bundle is not part of it.
  if (entry.type === 'Directory' || !belongsToBundle(pathOf(entry))) {
    entry.resume();
    return;
  }
  const chunks: Buffer[] = [];
  entry.on('data', (chunk: Buffer) => chunks.push(chunk));
  entry.on('end', () => files.set(pathOf(entry), Buffer.concat(chunks)));
}

/** A hostile name must not write to the terminal of whoever reads the message. */
function printable(name: string): string {
  return JSON.stringify(name.slice(0, 200));
}
