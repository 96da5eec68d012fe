import { type Checkpoint, isSignedBy, lineHash, parseCheckpoint, type ReadLine } from './checkpoint.ts';
import { numberedLines } from './checkpoint-file.ts';
import type { CheckpointReader } from './checkpoint-key.ts';
import type { Found } from './chain-walk.ts';

/** What a file of checkpoints says of the chains of a store. */
export interface KnownCheckpoints {
  /** All that are signed, first to last, of each of the chains that were asked for and have any. */
  readonly checkpoints: ReadonlyMap<string, readonly Checkpoint[]>;
  /** Numbers of lines that are none, as one that was only half written. */
  readonly unreadable: readonly number[];
  /** What is wrong with the file itself. */
  readonly problem: Found | undefined;
  /** The chain that the store had last by these checkpoints; empty where they say nothing of it. */
  readonly lastChain: string;
  /** Other chains that the store had by these checkpoints, each with the furthest record that they name. */
  readonly others: ReadonlyMap<string, number>;
}

export interface CheckpointQuestion {
  readonly file: string;
  readonly chains: readonly string[];
  /** The name of the store, where there is one: other chains that it had are told of. */
  readonly store: string | undefined;
  /** Whose signatures count. */
  readonly reader: CheckpointReader;
}

/** Reads the file from its beginning to its end. Throws STORE_UNAVAILABLE where it cannot be read. */
export async function readCheckpoints(question: CheckpointQuestion): Promise<KnownCheckpoints> {
  const reading = new Reading(question);
  for await (const [number, line] of numberedLines(question.file)) reading.take(number, line);
  return reading.known();
}

class Reading {
  readonly #question: CheckpointQuestion;
  readonly #checkpoints = new Map<string, Checkpoint[]>();
  readonly #unreadable: number[] = [];
  readonly #hashes = new Set<string>();
  #problem: Found | undefined;
  #lastChain = '';
  readonly #others = new Map<string, number>();

  constructor(question: CheckpointQuestion) {
    this.#question = question;
  }

  take(number: number, line: string): void {
    const read = parseCheckpoint(line);
    if (read === undefined) {
      this.#unreadable.push(number);
      return;
    }
    const { chains, store, reader } = this.#question;
    const { chain } = read.checkpoint;
    const isAsked = chains.includes(chain);
    if (!isAsked && read.checkpoint.store !== store) return;
    const problem = this.#signatureProblem(number, read, reader);
    this.#problem ??= problem;
    if (problem !== undefined) return;
    if (read.checkpoint.store === store) this.#lastChain = chain;
    if (!isAsked) return this.#noteOther(read);
    const before = this.#checkpoints.get(chain);
    if (before !== undefined) this.#problem ??= this.#linkProblem(number, read);
    this.#hashes.add(lineHash(line));
    if (before === undefined) this.#checkpoints.set(chain, [read.checkpoint]);
    else before.push(read.checkpoint);
  }

  #noteOther({ checkpoint: { chain, seq } }: ReadLine): void {
    this.#others.set(chain, Math.max(seq, this.#others.get(chain) ?? 0));
  }

  #signatureProblem(number: number, read: ReadLine, reader: CheckpointReader): Found | undefined {
    const { seq, key } = read.checkpoint;
    const where = `line ${number} of the checkpoints`;
    if (key !== reader.id)
      return { kind: 'rekeyed', seq, id: '', why: `${where} is signed with the key ${key}, not ${reader.id}` };
    if (isSignedBy(read, reader)) return undefined;
    return { kind: 'edited', seq, id: '', why: `${where} is not what was signed` };
  }

  /** Each names the one of its chain before it. The first may name one in a file that was put aside. */
  #linkProblem(number: number, { checkpoint: { previous, seq } }: ReadLine): Found | undefined {
    if (this.#hashes.has(previous)) return undefined;
    return { kind: 'missing', seq, id: '', why: `what came before line ${number} of the checkpoints is not there` };
  }

  known(): KnownCheckpoints {
    return {
      checkpoints: this.#checkpoints,
      unreadable: this.#unreadable,
      problem: this.#problem,
      lastChain: this.#lastChain,
      others: this.#others,
    };
  }
}
