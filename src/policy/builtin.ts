import type { Term } from './term.ts';

/** One of OPA's built-in functions that its WebAssembly modules ask their host for. `undefined` is Rego's undefined. */
export type HostBuiltin = (args: readonly Term[], context: BuiltinContext) => Term | undefined;
export type HostBuiltins = ReadonlyMap<string, HostBuiltin>;

export interface BuiltinContext {
  /** The one time of the decision, in nanoseconds since the epoch. */
  readonly nowNs: bigint;
}

/** A built-in function fails: under strict evaluation that ends the evaluation. The message names no argument. */
export class BuiltinFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BuiltinFailure';
  }
}
