import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Clock } from '../core/clock.ts';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { Logger } from '../core/logger.ts';
import type { ServerId } from '../core/names.ts';

const Texts = z.array(z.string()).readonly();

/** What an authorization server gave one principal for one upstream server, as it lies in its file. */
export const KeptSignIn = z
  .strictObject({
    version: z.literal(1),
    server: z.string(),
    principal: z.string(),
    /** Address of the upstream server; the token goes nowhere else. */
    url: z.string(),
    issuer: z.string(),
    /** Milliseconds since the epoch. */
    savedAt: z.number(),
    /** RFC 8707: what the token is for. */
    resource: z.string(),
    endpoints: z.strictObject({
      authorization: z.string(),
      token: z.string(),
      revocation: z.string().optional(),
      authMethods: Texts,
    }),
    /** Present where the client was registered with the authorization server by us (RFC 7591). */
    registration: z
      .strictObject({
        clientId: z.string(),
        clientSecret: z.string().optional(),
        /** Milliseconds since the epoch. */
        expiresAt: z.number().optional(),
        authMethod: z.string().optional(),
        redirectUri: z.string(),
      })
      .optional(),
    /** Absent once they are refused: what is left spares a new registration. */
    tokens: z
      .strictObject({
        access: z.string(),
        refresh: z.string().optional(),
        /** Milliseconds since the epoch. */
        expiresAt: z.number().optional(),
        /** How long the token was to last when it was given. */
        lastsMs: z.number().optional(),
      })
      .optional(),
    /** What was granted, and what the server asked for since. */
    scopes: Texts,
  })
  .readonly();
export type KeptSignIn = z.output<typeof KeptSignIn>;

export type Tokens = NonNullable<KeptSignIn['tokens']>;

const OTHERS = 0o077;
/** A folder that changed this recently may change again under the same time stamp. */
const SETTLED_MS = 100;

interface Remembered {
  readonly marker: string;
  readonly signIn: KeptSignIn | undefined;
}

/**
 * Sign-ins in files, one for each upstream server, principal and issuer, which only their owner can read. Several
 * processes share the folder: what another has written is seen at the next `find`. Calls are synchronous, because
 * whether there is a sign-in is asked before a decision; a `find` without news costs one `stat`.
 */
export class TokenStore {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #remembered = new Map<string, Remembered>();

  /** `home` is the gateway's home folder. */
  constructor(home: string, { clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    this.#folder = join(home, 'tokens');
    this.#clock = clock;
    this.#logger = logger;
  }

  /** The newest sign-in of a principal at a server. A file that cannot be trusted counts as none. */
  find(server: ServerId, principal: string): KeptSignIn | undefined {
    const key = `${server}.${digest(principal)}`;
    const marker = this.#marker();
    const remembered = this.#remembered.get(key);
    if (marker !== undefined && remembered?.marker === marker) return remembered.signIn;
    const signIn = this.#read(`${key}.`);
    if (marker === undefined) this.#remembered.delete(key);
    else this.#remembered.set(key, { marker, signIn });
    return signIn;
  }

  /** Written aside and renamed, so that nobody ever reads half a file, and a link in its place is replaced, not followed. */
  write(signIn: KeptSignIn): void {
    this.#prepareFolder();
    const path = join(this.#folder, fileName(signIn));
    const draft = `${path}.${randomBytes(6).toString('hex')}`;
    try {
      const file = openSync(draft, 'wx', 0o600);
      try {
        writeSync(file, `${JSON.stringify(signIn)}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(draft, path);
    } catch (thrown) {
      rmSync(draft, { force: true });
      throw unwritable(this.#folder, thrown);
    }
  }

  /** Removes all sign-ins of a principal at a server, those of other issuers too; `except` stays. */
  remove(server: ServerId, principal: string, except?: KeptSignIn): void {
    const kept = except === undefined ? undefined : fileName(except);
    try {
      for (const name of this.#namesOf(`${server}.${digest(principal)}.`)) {
        if (name !== kept) rmSync(join(this.#folder, name), { force: true });
      }
    } catch (thrown) {
      throw unwritable(this.#folder, thrown);
    }
  }

  /** Says whether the folder has changed; undefined while that cannot be told. */
  #marker(): string | undefined {
    const stats = statSync(this.#folder, { throwIfNoEntry: false });
    if (stats === undefined) return 'none';
    return Math.abs(this.#clock.now() - stats.mtimeMs) < SETTLED_MS ? undefined : `${stats.ino} ${stats.mtimeMs}`;
  }

  #read(prefix: string): KeptSignIn | undefined {
    return this.#namesOf(prefix)
      .filter((name) => name.endsWith('.json'))
      .flatMap((name) => this.#readFile(join(this.#folder, name)) ?? [])
      .toSorted((left, right) => right.savedAt - left.savedAt)[0];
  }

  #readFile(path: string): KeptSignIn | undefined {
    try {
      return KeptSignIn.parse(JSON.parse(readPrivate(path)));
    } catch (thrown) {
      // What a parser says about a file may hold pieces of it.
      const problem = thrown instanceof GatewayError ? thrown.message : 'it cannot be read';
      this.#logger.warn('a sign-in is not used', { file: path, problem });
      return undefined;
    }
  }

  #namesOf(prefix: string): readonly string[] {
    try {
      return readdirSync(this.#folder).filter((name) => name.startsWith(prefix));
    } catch {
      return [];
    }
  }

  #prepareFolder(): void {
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      const stats = lstatSync(this.#folder);
      if (!stats.isDirectory() || !isOurs(stats.uid)) throw new Error('it is not a folder of ours');
      if (process.platform !== 'win32' && (stats.mode & OTHERS) !== 0) chmodSync(this.#folder, 0o700);
    } catch (thrown) {
      throw unwritable(this.#folder, thrown);
    }
  }
}

/** Whose and whereof, without saying either to who can list the folder. */
function fileName({ server, principal, issuer }: KeptSignIn): string {
  return `${server}.${digest(principal)}.${digest(issuer)}.json`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** The text of a file that is no link, is ours, and that nobody else can read; asked of the open file, not of its name. */
function readPrivate(path: string): string {
  const file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    const stats = fstatSync(file);
    if (!stats.isFile() || !isOurs(stats.uid)) throw unsafe('it is not a file of ours');
    if (process.platform !== 'win32' && (stats.mode & OTHERS) !== 0) throw unsafe('it is open to other users');
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

function isOurs(uid: number): boolean {
  return process.getuid === undefined || uid === process.getuid();
}

function unsafe(why: string): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', why);
}

function unwritable(folder: string, cause: unknown): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', `sign-ins cannot be kept in ${folder}: ${messageOf(cause)}`, {
    mend: 'See that the home folder is writable and belongs to the user who runs the gateway.',
  });
}
