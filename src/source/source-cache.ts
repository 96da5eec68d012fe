import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import * as z from 'zod';
import { sha256Hex } from '../core/canonical-json.ts';
import { GatewayError } from '../core/errors.ts';

type Files = ReadonlyMap<string, Uint8Array>;

const Digest = z.string().regex(/^([0-9a-f]{64})?$/);

const State = z.object({
  /** What the source calls the bundle that is kept; empty while none is. */
  revision: z.string(),
  /** SHA-256, hex, of its files. */
  digest: Digest,
  /** That of the one before; it stays for whoever is just reading it. */
  before: Digest,
  /** When it came, and when the source last said that it is the newest; milliseconds since the epoch. */
  fetchedMs: z.number(),
  confirmedMs: z.number(),
  /** Why the source could not be had when it was last asked; absent where it could. */
  problem: z.object({ atMs: z.number(), message: z.string() }).optional(),
});
export type SourceState = Readonly<z.output<typeof State>>;

export interface KeptFiles {
  readonly state: SourceState;
  readonly files: Files;
}

const NOTHING: SourceState = { revision: '', digest: '', before: '', fetchedMs: 0, confirmedMs: 0 };
/** Unpacked, with what base64 adds. */
const MOST_BYTES = 96 * 1024 * 1024;
const PRIVATE = { mode: 0o600 } as const;

/**
 * The last good bundle of one address, on disk. Several processes may share it: whatever stands under the state's name is
 * whole, and what it names lies beside it.
 */
export class SourceCache {
  readonly folder: string;

  /** `folder` is this bundle's own. */
  constructor(folder: string) {
    this.folder = folder;
  }

  /** What is known of the source; with an empty revision while nothing is kept. */
  async state(): Promise<SourceState> {
    try {
      return State.parse(JSON.parse(await readFile(this.#stateFile, 'utf8')));
    } catch {
      return NOTHING;
    }
  }

  /** What is kept. Throws BUNDLE_UNREADABLE where it is not what was once written. */
  async read(): Promise<KeptFiles | undefined> {
    const state = await this.state();
    if (state.digest === '') return undefined;
    const bytes = await readFile(this.#contents(state.digest)).catch(() => undefined);
    const files = bytes === undefined ? undefined : unpack(bytes);
    if (files !== undefined && digestOf(files) === state.digest) return { state, files };
    throw new GatewayError('BUNDLE_UNREADABLE', `what was kept of a policy bundle in ${this.folder} has changed`, {
      mend: 'Find out who changed it; `mcp-gateway policy pull` fetches the bundle anew.',
    });
  }

  /** Takes the place of what was kept before. */
  async keep(files: Files, { revision, nowMs }: { readonly revision: string; readonly nowMs: number }): Promise<void> {
    const { digest: last, before } = await this.state();
    const digest = digestOf(files);
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await this.#write(this.#contents(digest), pack(files));
    const kept = last === digest ? before : last;
    await this.#writeState({ revision, digest, before: kept, fetchedMs: nowMs, confirmedMs: nowMs });
    await this.#removeAllBut([digest, kept]);
  }

  /** The source has said that this revision is the newest. */
  async confirm(revision: string, nowMs: number): Promise<void> {
    const { problem: _problem, ...state } = await this.state();
    if (state.revision === revision) await this.#writeState({ ...state, confirmedMs: nowMs });
  }

  /** The source could not be had, or what it had was not good; what is kept stays. */
  async noteProblem(message: string, nowMs: number): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await this.#writeState({ ...(await this.state()), problem: { atMs: nowMs, message } });
  }

  get #stateFile(): string {
    return join(this.folder, 'state.json');
  }

  #contents(digest: string): string {
    return join(this.folder, `${digest}.bundle`);
  }

  async #writeState(state: SourceState): Promise<void> {
    await this.#write(this.#stateFile, JSON.stringify(state));
  }

  async #write(path: string, content: string | Uint8Array): Promise<void> {
    const scratch = `${path}.${randomUUID()}`;
    await writeFile(scratch, content, PRIVATE);
    await rename(scratch, path);
  }

  async #removeAllBut(digests: readonly string[]): Promise<void> {
    const names = (await readdir(this.folder)).filter((name) => name.endsWith('.bundle'));
    const old = names.filter((name) => !digests.some((digest) => name === `${digest}.bundle`));
    await Promise.all(old.map((name) => rm(join(this.folder, name), { force: true })));
  }
}

/** SHA-256, hex, over names and contents, each with its length before it, in the order of the names. */
function digestOf(files: Files): string {
  const parts = sorted(files).map(
    ([path, bytes]) => `${Buffer.byteLength(path)}:${path}${bytes.length}:${sha256Hex(bytes)}`,
  );
  return sha256Hex(parts.join(''));
}

function pack(files: Files): Buffer {
  const texts = sorted(files).map(([path, bytes]) => [path, Buffer.from(bytes).toString('base64')]);
  return gzipSync(JSON.stringify(Object.fromEntries(texts)));
}

function unpack(bytes: Buffer): Files | undefined {
  try {
    const text = gunzipSync(bytes, { maxOutputLength: MOST_BYTES }).toString();
    const packed = z.record(z.string(), z.string()).parse(JSON.parse(text));
    return new Map(Object.entries(packed).map(([path, content]) => [path, Buffer.from(content, 'base64')]));
  } catch {
    return undefined;
  }
}

function sorted(files: Files): readonly (readonly [string, Uint8Array])[] {
  return [...files].toSorted(([left], [right]) => (left < right ? -1 : 1));
}
