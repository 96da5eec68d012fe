import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';
import * as z from 'zod';

/** A text under AES-256-GCM (NIST SP 800-38D), each part in base64. */
export const Sealed = z.strictObject({ iv: z.string(), data: z.string(), tag: z.string() });
export type Sealed = z.output<typeof Sealed>;

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
export const KEY_BYTES = 32;

/** `place` is sealed in: what was sealed for one place cannot be opened as another. */
export function seal(text: string, key: Buffer, place: string): Sealed {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(place));
  const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return { iv: encoded(iv), data: encoded(data), tag: encoded(cipher.getAuthTag()) };
}

/** Undefined where the key is another, or anything was changed. */
export function unseal({ iv, data, tag }: Sealed, key: Buffer, place: string): string | undefined {
  try {
    const decipher = createDecipheriv(CIPHER, key, decoded(iv), { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(place)).setAuthTag(decoded(tag));
    return Buffer.concat([decipher.update(decoded(data)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

/** scrypt (RFC 7914) with 32 MB of memory. */
export function keyOf(passphrase: string, salt: string): Buffer {
  const cost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
  return scryptSync(passphrase.normalize('NFKC'), decoded(salt), KEY_BYTES, cost);
}

export function encoded(bytes: Buffer): string {
  return bytes.toString('base64');
}

export function decoded(text: string): Buffer {
  return Buffer.from(text, 'base64');
}
