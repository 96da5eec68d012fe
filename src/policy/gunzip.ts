import { crc32, inflateRawSync } from 'node:zlib';

const FLAG_HEADER_CRC = 2;
const FLAG_EXTRA = 4;
const FLAG_NAME = 8;
const FLAG_COMMENT = 16;
const TRAILER_BYTES = 8;

/**
 * The content of a gzip file with exactly one member; throws on anything else.
 * `node:zlib` would go on to a second member, and other programs would not: the
 * two would then read different bundles. Source: RFC 1952.
 */
export function gunzipOne(bytes: Buffer, maxOutputLength: number): Buffer {
  if (bytes.length < 18 || bytes[0] !== 0x1f || bytes[1] !== 0x8b || bytes[2] !== 8) throw new Error('it is not gzip');
  const start = headerLength(bytes);
  const { buffer, engine } = inflate(bytes.subarray(start), maxOutputLength);
  const end = start + engine.bytesWritten;
  if (bytes.length < end + TRAILER_BYTES) throw new Error('it is cut off');
  if (bytes.length > end + TRAILER_BYTES) throw new Error('something follows the end of the gzip data');
  if (bytes.readUInt32LE(end) !== crc32(buffer)) throw new Error('its checksum is wrong');
  if (bytes.readUInt32LE(end + 4) !== buffer.length) throw new Error('its length is wrong');
  return buffer;
}

interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/** With `info`, Node answers how much it read beside the output; its types do not say so. */
function inflate(bytes: Buffer, maxOutputLength: number): Inflated {
  return inflateRawSync(bytes, { maxOutputLength, info: true }) as unknown as Inflated;
}

function headerLength(bytes: Buffer): number {
  const flags = bytes[3] ?? 0;
  let length = 10;
  if ((flags & FLAG_EXTRA) !== 0) length += 2 + bytes.readUInt16LE(length);
  if ((flags & FLAG_NAME) !== 0) length = afterZero(bytes, length);
  if ((flags & FLAG_COMMENT) !== 0) length = afterZero(bytes, length);
  if ((flags & FLAG_HEADER_CRC) !== 0) length += 2;
  return length;
}

function afterZero(bytes: Buffer, from: number): number {
  const zero = bytes.indexOf(0, from);
  if (zero === -1) throw new Error('its header has no end');
  return zero + 1;
}
