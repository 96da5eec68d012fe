import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { GatewayError, messageOf } from '../core/errors.ts';
import { isSecretName } from '../core/names.ts';
import type { Keychain } from './keychain.ts';
import { alone, createPrivate, readPrivate, refused } from './private-file.ts';
import { decoded, encoded, KEY_BYTES, keyOf, seal, unseal } from './sealing.ts';
import { readBook, type SecretBook, writeBook } from './secret-book.ts';

export interface SecretsOptions {
  /** `MCP_GATEWAY_HOME`. */
  readonly home: string;
  /** `MCP_GATEWAY_SECRETS_PASSPHRASE`: with it secrets are kept in the file, under a key that is made of it. */
  readonly passphrase: string | undefined;
  /** Asked once, and only where a secret is read from it or written; undefined where there is none that works. */
  readonly keychain: () => Keychain | undefined;
}

export type SecretPlace = 'keychain' | 'file';

/** Secrets by name. Whatever goes wrong is a SECRETS_UNAVAILABLE without a value in it, and nothing is lost by it. */
export interface Secrets {
  /** Of the file that has their names, and the values that are not in the keychain. */
  readonly path: string;
  /** Sorted. */
  readonly names: () => readonly string[];
  readonly placeOf: (name: string) => SecretPlace | undefined;
  readonly read: (name: string) => string | undefined;
  /** Where it lies now. Throws USAGE for a name that is none. */
  readonly write: (name: string, value: string) => SecretPlace;
  /** Whether there was one. */
  readonly remove: (name: string) => boolean;
}

/** The secrets of a home folder. Nothing is read before something is asked. */
export function openSecrets(options: SecretsOptions): Secrets {
  return new SecretStore(options);
}

type Key = NonNullable<SecretBook['key']>;

const CHECK = 'mcp-gateway';

class SecretStore implements Secrets {
  readonly path: string;
  readonly #options: SecretsOptions;
  readonly #keyPath: string;
  #book: SecretBook | undefined;
  #opened: { readonly by: Key; readonly key: Buffer } | undefined;
  #keychain: { readonly found: Keychain | undefined } | undefined;

  constructor(options: SecretsOptions) {
    this.#options = options;
    this.path = join(options.home, 'secrets.json');
    this.#keyPath = join(options.home, 'secrets.key');
  }

  names = (): readonly string[] => Object.keys(this.#read().secrets).toSorted();

  placeOf = (name: string): SecretPlace | undefined => entryOf(this.#read(), name)?.kind;

  read = (name: string): string | undefined => {
    const book = this.#read();
    const entry = entryOf(book, name);
    if (entry === undefined) return undefined;
    if (entry.kind === 'keychain') return this.#fromKeychain(book, name);
    const value = unseal(entry.sealed, this.#keyFor(book), placeIn(book, name));
    if (value !== undefined) return value;
    throw refused(this.path, `is damaged at "${name}"`, `Set it again with \`mcp-gateway secret set ${name}\`.`);
  };

  write = (name: string, value: string): SecretPlace => {
    if (!isSecretName(name)) throw notAName(name);
    return alone(this.path, () => {
      const book = this.#readAnew();
      const before = entryOf(book, name)?.kind;
      if (this.#putInKeychain(book, name, value)) {
        this.#write({ ...book, secrets: { ...book.secrets, [name]: { kind: 'keychain' } } });
        return 'keychain';
      }
      const keyed = this.#withKey(book);
      const sealed = seal(value, this.#keyFor(keyed), placeIn(keyed, name));
      this.#write({ ...keyed, secrets: { ...keyed.secrets, [name]: { kind: 'file', sealed } } });
      if (before === 'keychain') this.#dropFromKeychain(book, name);
      return 'file';
    });
  };

  remove = (name: string): boolean =>
    alone(this.path, () => {
      const book = this.#readAnew();
      const entry = entryOf(book, name);
      if (entry === undefined) return false;
      const { [name]: _, ...others } = book.secrets;
      if (entry.kind === 'keychain') this.#removeFromKeychain(book, name);
      this.#write({ ...book, secrets: others });
      return true;
    });

  #read(): SecretBook {
    this.#book ??= readBook(this.path);
    return this.#book;
  }

  /** What another process has written meanwhile is kept. */
  #readAnew(): SecretBook {
    this.#book = readBook(this.path);
    return this.#book;
  }

  #write(book: SecretBook): void {
    writeBook(this.path, book);
    this.#book = book;
  }

  #findKeychain(): Keychain | undefined {
    this.#keychain ??= { found: this.#options.keychain() };
    return this.#keychain.found;
  }

  #fromKeychain(book: SecretBook, name: string): string | undefined {
    const keychain = this.#findKeychain();
    if (keychain === undefined) throw unreachable(name, 'cannot be reached from here');
    try {
      return keychain.read(accountOf(book, name));
    } catch (thrown) {
      throw unreachable(name, `does not give it: ${messageOf(thrown)}`);
    }
  }

  /** Whoever gives a passphrase wants the file. A keychain counts once it gives back what was put in. */
  #putInKeychain(book: SecretBook, name: string, value: string): boolean {
    if (this.#options.passphrase !== undefined) return false;
    const keychain = this.#findKeychain();
    if (keychain === undefined) return false;
    try {
      keychain.write(accountOf(book, name), value);
      return keychain.read(accountOf(book, name)) === value;
    } catch {
      return false;
    }
  }

  /** What cannot be removed there is said: it would be left behind unseen. */
  #removeFromKeychain(book: SecretBook, name: string): void {
    const keychain = this.#findKeychain();
    if (keychain === undefined) throw unreachable(name, 'cannot be reached from here');
    try {
      keychain.remove(accountOf(book, name));
    } catch (thrown) {
      throw unreachable(name, `does not remove it: ${messageOf(thrown)}`);
    }
  }

  /** The value that counts is in the file by now, so an older one that stays behind is no loss. */
  #dropFromKeychain(book: SecretBook, name: string): void {
    try {
      this.#findKeychain()?.remove(accountOf(book, name));
    } catch {
      // Nothing is to be done about it.
    }
  }

  /** The book with the key that new secrets are sealed under; with the first passphrase all of them are sealed anew. */
  #withKey(book: SecretBook): SecretBook {
    const { passphrase } = this.#options;
    if (book.key?.kind === 'passphrase' || (book.key !== null && passphrase === undefined)) return book;
    const old = book.key === null ? undefined : this.#keyFor(book);
    const made = passphrase === undefined ? this.#keyFromFile(book) : keyFromPassphrase(book, passphrase);
    this.#opened = made;
    return { ...book, key: made.by, secrets: old === undefined ? book.secrets : this.#resealed(book, old, made.key) };
  }

  #resealed(book: SecretBook, old: Buffer, next: Buffer): SecretBook['secrets'] {
    const entries = Object.entries(book.secrets).map(([name, entry]) => {
      if (entry.kind === 'keychain') return [name, entry] as const;
      const value = unseal(entry.sealed, old, placeIn(book, name));
      if (value === undefined) {
        throw refused(this.path, `is damaged at "${name}"`, `Remove it with \`mcp-gateway secret rm ${name}\`.`);
      }
      return [name, { kind: 'file', sealed: seal(value, next, placeIn(book, name)) } as const] as const;
    });
    return Object.fromEntries(entries);
  }

  #keyFromFile(book: SecretBook): { readonly by: Key; readonly key: Buffer } {
    if (readPrivate(this.#keyPath) === undefined) {
      createPrivate(this.#keyPath, `${encoded(randomBytes(KEY_BYTES))}\n`);
    }
    const key = this.#readKey();
    return { by: { kind: 'file', check: seal(CHECK, key, placeIn(book, '')) }, key };
  }

  #keyFor(book: SecretBook): Buffer {
    const { key: by } = book;
    if (by === null) throw refused(this.path, 'names no key', 'Move it away, and set the secrets again.');
    if (this.#opened?.by === by) return this.#opened.key;
    const key = by.kind === 'file' ? this.#readKey() : this.#keyOfPassphrase(by.salt);
    if (unseal(by.check, key, placeIn(book, '')) === undefined) throw this.#otherKey(by);
    this.#opened = { by, key };
    return key;
  }

  #readKey(): Buffer {
    const text = readPrivate(this.#keyPath);
    if (text === undefined) {
      throw refused(this.#keyPath, 'is missing, so the secrets cannot be read', `Put it back beside ${this.path}.`);
    }
    const key = decoded(text.trim());
    if (key.length === KEY_BYTES) return key;
    throw refused(this.#keyPath, 'is damaged', 'Put a copy of it back.');
  }

  #keyOfPassphrase(salt: string): Buffer {
    const { passphrase } = this.#options;
    if (passphrase !== undefined) return keyOf(passphrase, salt);
    throw refused(
      this.path,
      'is sealed with a passphrase, and none is given',
      'Set MCP_GATEWAY_SECRETS_PASSPHRASE to the one that it was sealed with.',
    );
  }

  #otherKey({ kind }: Key): GatewayError {
    if (kind === 'file')
      return refused(this.#keyPath, `is not the key of ${this.path}`, 'Put back the one that was beside it.');
    return refused(
      this.path,
      'was sealed with another passphrase; nothing was changed in it',
      'Set MCP_GATEWAY_SECRETS_PASSPHRASE to the one that it was sealed with.',
    );
  }
}

function keyFromPassphrase(book: SecretBook, passphrase: string): { readonly by: Key; readonly key: Buffer } {
  const salt = encoded(randomBytes(16));
  const key = keyOf(passphrase, salt);
  return { by: { kind: 'passphrase', salt, check: seal(CHECK, key, placeIn(book, '')) }, key };
}

function entryOf({ secrets }: SecretBook, name: string): SecretBook['secrets'][string] | undefined {
  return Object.hasOwn(secrets, name) ? secrets[name] : undefined;
}

function placeIn({ id }: SecretBook, name: string): string {
  return `mcp-gateway/secret/${id}/${name}`;
}

function accountOf({ id }: SecretBook, name: string): string {
  return `${name} (${id})`;
}

function unreachable(name: string, why: string): GatewayError {
  return new GatewayError('SECRETS_UNAVAILABLE', `the secret "${name}" lies in the system keychain, which ${why}`, {
    mend: `Unlock the keychain of the user who runs the gateway, or set the secret again with MCP_GATEWAY_SECRETS=file: \`mcp-gateway secret set ${name}\`.`,
  });
}

function notAName(name: string): GatewayError {
  return new GatewayError('USAGE', `"${name}" cannot be the name of a secret`, {
    mend: 'Use up to 64 small letters, digits, dots, underscores and hyphens, the first one a letter or a digit.',
  });
}
