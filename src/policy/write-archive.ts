import { gzipSync } from 'node:zlib';
import { Header } from 'tar';
import { GatewayError } from '../core/errors.ts';
import { MAX_ARCHIVE_BYTES } from './bundle-path.ts';

const BLOCK_BYTES = 512;
/** Where gzip says on which system a file was packed; 255 is unknown. Source: RFC 1952, section 2.3. */
const GZIP_SYSTEM_AT = 9;

/**
 * The files of a bundle as a `.tar.gz`: in the order of their names, without times, owners and systems, so that the same
 * files are the same bytes. Throws BUNDLE_INVALID where they are too large or a name is too long.
 */
export function writeArchive(files: ReadonlyMap<string, Uint8Array>): Buffer {
  const sorted = [...files].toSorted(([left], [right]) => (left < right ? -1 : 1));
  const blocks = sorted.flatMap(([path, bytes]) => [headerOf(path, bytes), bytes, Buffer.alloc(paddingOf(bytes))]);
  const packed = gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]), { level: 9 });
  packed[GZIP_SYSTEM_AT] = 255;
  if (packed.length <= MAX_ARCHIVE_BYTES) return packed;
  throw new GatewayError('BUNDLE_INVALID', 'packed the bundle is larger than 16 MB, which no gateway reads', {
    mend: 'Keep large tables where the server can look them up, and let the policy read what it needs.',
  });
}

function headerOf(path: string, bytes: Uint8Array): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const header = new Header({
    path,
    type: 'File',
    size: bytes.length,
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: new Date(0),
  });
  // Answers whether it needs more than the one block of POSIX.
  if (header.encode(block)) throw new GatewayError('BUNDLE_INVALID', `the name ${path} is too long for an archive`);
  return block;
}

function paddingOf(bytes: Uint8Array): number {
  return (BLOCK_BYTES - (bytes.length % BLOCK_BYTES)) % BLOCK_BYTES;
}
