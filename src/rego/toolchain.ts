import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { GatewayError } from '../core/errors.ts';
import { packageUrl } from '../core/package-url.ts';
import type { BundleSource, LibraryFiles, RegoProblem } from '../core/rego.ts';
import {
  parseActivate,
  parseBuild,
  parseCheck,
  parseEvaluate,
  parseFormat,
  parseInspect,
  parseTest,
  type ActivateResult,
  type BuildResult,
  type EvaluateResult,
  type FormatResult,
  type InspectResult,
  type TestResult,
} from './answers.ts';
import { BuildCache, cacheKey } from './build-cache.ts';
import { ProcessSlot } from './process-slot.ts';

const MEGABYTE = 1024 * 1024;

export interface ToolchainOptions {
  /** Folder of `toolchain.wasm.br` and `toolchain.json`; the package's own by default. */
  readonly folder?: URL;
  /** Where answers are kept between runs; without it nothing is kept. */
  readonly cacheFolder?: string;
  /** Answers that came with the package; looked at where the cache has none. */
  readonly shippedFolder?: string;
  /** Time limit of a request, per bundle in it. */
  readonly limitMs?: number;
  readonly maxMemoryBytes?: number;
  /** A process ends after this much idleness; a started one holds about 300 MB. */
  readonly idleMs?: number;
  /** How many requests may be worked on at the same time, each in a process of its own; one by default. */
  readonly maxProcesses?: number;
}

export interface BundleRequest {
  readonly bundle: BundleSource;
  readonly library: LibraryFiles;
  /** JSON Schema of the input; rules that read what it does not have are refused. */
  readonly inputSchema?: unknown;
  /** Admitted host built-ins; those of `rego/builtins.json` by default. */
  readonly builtins?: readonly string[];
}

export type BuildRequest = Omit<BundleRequest, 'bundle'> & { readonly bundles: readonly BundleSource[] };

export type TestRequest = BundleRequest & {
  /** A regular expression over test names; all tests without it. */
  readonly filter?: string;
};

export type EvaluateRequest = BuildRequest & {
  /** The id of the bundle whose decision is asked for. */
  readonly entrypoint: string;
  readonly inputs: readonly {
    readonly input: unknown;
    /** Nanoseconds since the epoch, as text because of their size; now by default. */
    readonly timeNs?: string;
  }[];
};

/** A request that waits for a process. */
interface Waiting {
  readonly bundles: number;
  readonly take: (slot: ProcessSlot) => void;
}

/** A question whose answer is kept. */
type Cacheable = Omit<BundleRequest, 'bundle'> & {
  readonly op: string;
  readonly bundle?: BundleSource;
  readonly bundles?: readonly BundleSource[];
};

export interface Derivation {
  readonly name: string;
  readonly make: (given: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

const Facts = z.object({ opa: z.string(), go: z.string(), sha256: z.string(), compressedSha256: z.string() });

/**
 * OPA's own compiler, tester and formatter, as WebAssembly in processes that are
 * started when asked and end when idle. Every method throws `TOOLCHAIN_FAILED` when there is no answer;
 * what is wrong with a bundle is an answer.
 */
export class Toolchain {
  readonly opaVersion: string;
  /** SHA-256 of the program: part of the name of every generation. */
  readonly digest: string;
  readonly #limitMs: number;
  readonly #cache: BuildCache;
  readonly #dataDigests = new WeakMap<object, string>();
  readonly #slots: readonly ProcessSlot[];
  /** The one used last is taken first, so that one process does what comes one after another. */
  readonly #free: ProcessSlot[];
  readonly #waiting: Waiting[] = [];

  constructor(options: ToolchainOptions = {}) {
    const { limitMs = 10_000, maxMemoryBytes = 512 * MEGABYTE, idleMs = 1_000, maxProcesses = 1 } = options;
    const folder = options.folder ?? packageUrl('rego/', import.meta.url);
    this.#limitMs = limitMs;
    this.#cache = new BuildCache({ folder: options.cacheFolder, shippedFolder: options.shippedFolder });
    const { opa, sha256, compressedSha256 } = readFacts(folder);
    this.opaVersion = opa;
    this.digest = sha256;
    const program = { file: fileURLToPath(new URL('toolchain.wasm.br', folder)), compressedSha256, maxMemoryBytes };
    this.#slots = Array.from({ length: maxProcesses }, () => new ProcessSlot(program, { idleMs }));
    this.#free = [...this.#slots];
  }

  /** Compiles one bundle strictly, tests included, and holds it to the contract. */
  async check(request: BundleRequest): Promise<readonly RegoProblem[]> {
    return parseCheck(await this.#cached({ op: 'check', ...request }));
  }

  /** All that decides whether a bundle may be put in force, in one: `check`, `inspect` and its own tests. */
  async activate(request: BundleRequest): Promise<ActivateResult> {
    return parseActivate(await this.#cached({ op: 'activate', ...request }));
  }

  /** One module with one entrypoint a bundle. Every bundle is checked alone first. */
  async build(request: BuildRequest): Promise<BuildResult> {
    return parseBuild(await this.#cached({ op: 'build', ...request }, request.bundles.length));
  }

  /** Annotations, rules, ids, and what everything depends on. */
  async inspect(request: BundleRequest): Promise<InspectResult> {
    return parseInspect(await this.#cached({ op: 'inspect', ...request }));
  }

  /** Runs the bundle's own tests in OPA's tester, with coverage. */
  async test(request: TestRequest): Promise<TestResult> {
    return parseTest(await this.#ask(canonical({ op: 'test', ...request })));
  }

  /** Formats Rego files as `opa fmt` does. */
  async format(files: Readonly<Record<string, string>>): Promise<FormatResult> {
    return parseFormat(await this.#ask(canonical({ op: 'format', files })));
  }

  /** OPA's interpreter over the modules that `build` compiles; a failing built-in is an error. */
  async evaluate(request: EvaluateRequest): Promise<EvaluateResult> {
    return parseEvaluate(await this.#ask(canonical({ op: 'eval', ...request }), request.bundles.length));
  }

  /** What `make` makes of a module, or of anything, kept with the answers. `name` says which making it is, and changes when that does. */
  async derive(given: Uint8Array, { name, make }: Derivation): Promise<Uint8Array> {
    const key = cacheKey(name, given);
    const kept = await this.#cache.read(key);
    if (kept !== undefined) return Buffer.from(kept, 'base64');
    const made = await make(given);
    await this.#cache.write(key, Buffer.from(made).toString('base64'));
    return made;
  }

  /** Ends the processes; requests in flight and those that wait fail. */
  async close(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.close()));
  }

  async #cached(request: Cacheable, bundles = 1): Promise<string> {
    const key = cacheKey(this.digest, canonical(this.#withDigests(request)));
    const kept = await this.#cache.read(key);
    if (kept !== undefined) return kept;
    const answer = await this.#ask(canonical(request), bundles);
    await this.#cache.write(key, answer);
    return answer;
  }

  /** The question with digests for data documents: they can be large, and the same ones are asked about again. */
  #withDigests({ bundle, bundles, ...rest }: Cacheable): object {
    const sources = bundle === undefined ? bundles : [bundle];
    return { ...rest, sources: sources?.map((source) => ({ ...source, data: this.#digestOf(source.data) })) };
  }

  #digestOf(data: object): string {
    const digest = this.#dataDigests.get(data) ?? cacheKey('data', JSON.stringify(data));
    this.#dataDigests.set(data, digest);
    return digest;
  }

  /** Requests wait where all processes are busy; of those the longest is next, so that none is left to the end. */
  async #ask(text: string, bundles = 1): Promise<string> {
    const slot = this.#free.pop() ?? (await new Promise<ProcessSlot>((take) => this.#wait({ bundles, take })));
    try {
      return await slot.request(text, { limitMs: this.#limitMs * bundles });
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free.push(slot);
      else next.take(slot);
    }
  }

  #wait(request: Waiting): void {
    const at = this.#waiting.findIndex(({ bundles }) => bundles < request.bundles);
    this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, request);
  }
}

function readFacts(folder: URL): z.output<typeof Facts> {
  const file = new URL('toolchain.json', folder);
  try {
    return Facts.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new GatewayError('TOOLCHAIN_FAILED', `${fileURLToPath(file)} cannot be read`, {
      cause,
      mend: 'Install the package again; in a clone, run rego/build.sh.',
    });
  }
}

/** JSON with sorted members, so that the order in which files were read names no other answer. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
