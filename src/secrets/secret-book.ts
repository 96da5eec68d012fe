import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { GatewayError } from '../core/errors.ts';
import { SECRET_NAME } from '../core/names.ts';
import { readPrivate, refused, replacePrivate } from './private-file.ts';
import { Sealed } from './sealing.ts';

const Key = z.discriminatedUnion('kind', [
  /** The key lies in a file beside. */
  z.strictObject({ kind: z.literal('file'), check: Sealed }),
  z.strictObject({ kind: z.literal('passphrase'), salt: z.string(), check: Sealed }),
]);

/**
 * `secrets.json`: which secrets there are, and those that are not in the keychain, sealed. `check` is a known text under
 * the key, so that another key and a damaged secret can be told apart.
 */
export const SecretBook = z.strictObject({
  version: z.literal(1),
  /** Tells the secrets of one home folder from those of another in the keychain of the same user. */
  id: z.string().regex(/^[0-9a-f]{8}$/),
  key: Key.nullable(),
  secrets: z.record(
    z.string().regex(SECRET_NAME),
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('keychain') }),
      z.strictObject({ kind: z.literal('file'), sealed: Sealed }),
    ]),
  ),
});
export type SecretBook = z.output<typeof SecretBook>;

/** Throws SECRETS_UNAVAILABLE where the file is damaged; what is in it stays. A new one where there is none. */
export function readBook(path: string): SecretBook {
  const text = readPrivate(path);
  if (text === undefined) return { version: 1, id: randomBytes(4).toString('hex'), key: null, secrets: {} };
  const value = parsed(text);
  const version: unknown = typeof value === 'object' && value !== null && 'version' in value ? value.version : 1;
  if (typeof version === 'number' && version > 1) {
    throw refused(path, `is of version ${String(version)}`, 'Install the mcp-gateway that wrote it, or a newer one.');
  }
  const book = SecretBook.safeParse(value);
  if (book.success) return book.data;
  throw damaged(path);
}

export function writeBook(path: string, book: SecretBook): void {
  replacePrivate(path, `${JSON.stringify(book, null, 2)}\n`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Nothing of it is quoted. */
function damaged(path: string): GatewayError {
  return refused(
    path,
    'is damaged; nothing was changed in it',
    'Put a copy back, or move it away and set the secrets again with `mcp-gateway secret set NAME`.',
  );
}
