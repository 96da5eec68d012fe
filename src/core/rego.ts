/**
 * What the Rego toolchain and the policy runtime tell each other. It lies here
 * because those two parts know nothing of one another.
 */

/** One bundle as text, before anything has looked at its Rego. */
export interface BundleSource {
  /** Unique in a build; matches `^[a-z0-9][a-z0-9-]*$`. */
  readonly id: string;
  /** The one root of the bundle: the first part of every package and of its data. */
  readonly root: string;
  /** Rego files, tests included, by their path inside the bundle. */
  readonly files: Readonly<Record<string, string>>;
  /** The merged data document from the top, so that its only member is the root. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Rego files of the library `data.gateway.v1`, by path. */
export type LibraryFiles = Readonly<Record<string, string>>;

/** One thing wrong with a bundle. Row and column count from 1; 0 where there is no place. */
export interface RegoProblem {
  readonly bundle: string;
  /** OPA's own codes start with `rego_`, ours with `bundle_`. */
  readonly code: string;
  readonly message: string;
  readonly file: string;
  readonly row: number;
  readonly column: number;
}

/** What the value of some rules can depend on; never less than the truth. */
export interface RegoReads {
  /** Paths of the input such as `agent.id`; `['']` stands for the whole input. */
  readonly inputs: readonly string[];
  /** Paths of base documents such as `github.config`, as the author names them. */
  readonly dataReads: readonly string[];
  /** Built-ins called that the host must supply. */
  readonly requiresBuiltins: readonly string[];
  /** Whether the clock is looked at, through `time.now_ns` or the time in the input. */
  readonly usesTime: boolean;
}

/** How one bundle of a built module is evaluated. */
export interface BuiltBundle extends RegoReads {
  /** Index of the bundle's entrypoint, as `opa_eval_ctx_set_entrypoint` takes it. */
  readonly entrypoint: number;
  /** Its name, as the module's `entrypoints()` lists it. */
  readonly entrypointPath: string;
  /** Where the bundle's data document is mounted: `['bundle', '<id>']`. */
  readonly dataPrefix: readonly string[];
  /** The rule sets that the bundle has; the entrypoint's object names all seven. */
  readonly ruleSets: readonly string[];
}

/** One WebAssembly module with one entrypoint for each of its bundles. */
export interface BuiltModule {
  readonly wasm: Uint8Array;
  readonly bundles: Readonly<Record<string, BuiltBundle>>;
}

interface RegoPlace {
  readonly file: string;
  readonly row: number;
  readonly column: number;
}

/** A rule of a bundle as it is written. */
interface InspectedRule extends RegoReads, RegoPlace {
  /** The rule's name with its package: `github.sub.is_owner`. */
  readonly path: string;
  /** The rule set that the rule belongs to, or `''`. */
  readonly ruleSet: string;
  readonly kind: 'set' | 'object' | 'value' | 'function';
  /** Constant ids that a rule of a rule set emits. */
  readonly ids: readonly string[];
  /** An id is computed, so that it cannot be compared with the annotations. */
  readonly hasUnknownId: boolean;
  readonly annotatedIds: readonly string[];
  /** Whether the bundle's decision depends on the rule at all. */
  readonly isReached: boolean;
}

/** One METADATA block. Absent text is `''`. */
interface RegoAnnotation extends RegoPlace {
  readonly id: string;
  readonly scope: string;
  readonly path: string;
  readonly title: string;
  readonly description: string;
  readonly custom: Readonly<Record<string, unknown>>;
}

/** What can be known of a bundle without running it. */
export interface BundleInspection {
  /** What the bundle's decision as a whole can depend on. */
  readonly entrypoint: RegoReads;
  /** By rule set that the bundle has. */
  readonly ruleSets: Readonly<Record<string, RegoReads>>;
  readonly rules: readonly InspectedRule[];
  readonly annotations: readonly RegoAnnotation[];
  /** By constant id: what the rules that emit it can depend on. */
  readonly ids: Readonly<Record<string, RegoReads>>;
}

export interface RegoTest extends RegoPlace {
  readonly package: string;
  readonly name: string;
  /** `skip` is a test whose name begins with `todo_`. */
  readonly outcome: 'pass' | 'fail' | 'error' | 'skip';
  readonly error?: RegoProblem | undefined;
  readonly durationNs: number;
  /** What the test printed. */
  readonly output: string;
  /** The failed parts of a test with several cases. */
  readonly failedCases: readonly string[];
}

interface CoveredRule extends RegoPlace {
  readonly path: string;
  readonly ids: readonly string[];
  /** Whether the rule has come true in any test. */
  readonly fired: boolean;
}

/** What of a bundle's policy its own tests made run. */
export interface RegoCoverage {
  readonly percent: number;
  /** Line numbers by file. */
  readonly files: Readonly<
    Record<string, { readonly covered: readonly number[]; readonly notCovered: readonly number[] }>
  >;
  readonly rules: readonly CoveredRule[];
}

/** What OPA's interpreter makes of one input: a value, an error, or neither when undefined. */
export interface RegoEvaluation {
  readonly value?: unknown;
  readonly error?: RegoProblem | undefined;
}
