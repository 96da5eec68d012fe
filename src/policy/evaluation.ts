import type { HostBuiltins } from './builtin.ts';

export interface RuntimeOptions {
  /** The data document as JSON text, from the top. */
  readonly data: string;
  readonly builtins: HostBuiltins;
  /** Milliseconds that only grow; stops an evaluation whose built-in functions take too long. */
  readonly monotonic: () => number;
  /** What a policy prints. */
  readonly print: (text: string) => void;
  /** Bytes that an evaluation may use beside the data. */
  readonly headroomBytes?: number;
}

/** A compiled policy that can be asked; ours (`runtime.ts`) and the reference (`reference.ts`). */
export interface PolicyEngine {
  readonly entrypoints: readonly string[];
  /** Takes a new input. It is parsed when the first entrypoint is asked, and once for all that are. */
  open(occasion: Occasion): void;
  /** Puts a value, as JSON text, into the opened input at a path. */
  addToInput(path: readonly string[], json: string): void;
  /** Asks one entrypoint. Never throws. */
  evaluate(entrypoint: string, fuel: number): Evaluated;
}

/** What asking one entrypoint came to; `fuel` is what it burned. */
export type Evaluated =
  /** JSON text. */
  | { readonly kind: 'value'; readonly text: string; readonly fuel: number }
  | { readonly kind: 'undefined'; readonly fuel: number }
  | { readonly kind: 'timeout' | 'error'; readonly why: string; readonly fuel: number };

/** What a decision hands over: the input once as JSON text, and its one time. */
export interface Occasion {
  readonly input: string;
  /** Nanoseconds since the epoch. */
  readonly nowNs: bigint;
}

/** An evaluation came to no end; the message is for the operator. */
export class EvaluationStopped extends Error {
  readonly kind: 'timeout' | 'error';
  /** Fuel burned until then. */
  readonly fuel: number;

  constructor(kind: 'timeout' | 'error', message: string, fuel: number) {
    super(message);
    this.name = 'EvaluationStopped';
    this.kind = kind;
    this.fuel = fuel;
  }
}
