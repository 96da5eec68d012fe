import * as z from 'zod';
import { GatewayError } from '../core/errors.ts';
import type {
  BuiltModule,
  BundleInspection,
  RegoCoverage,
  RegoEvaluation,
  RegoProblem,
  RegoTest,
} from '../core/rego.ts';

const Place = { file: z.string(), row: z.number(), column: z.number() };

const Problem = z.strictObject({ bundle: z.string(), code: z.string(), message: z.string(), ...Place });

const Errors = { errors: z.array(Problem) };

const Reads = {
  inputs: z.array(z.string()),
  dataReads: z.array(z.string()),
  requiresBuiltins: z.array(z.string()),
  usesTime: z.boolean(),
};

const CheckAnswer = z.strictObject(Errors);

const BuildAnswer = z.strictObject({
  ...Errors,
  wasmBase64: z.string().optional(),
  bundles: z.record(
    z.string(),
    z.strictObject({
      entrypoint: z.number(),
      entrypointPath: z.string(),
      dataPrefix: z.array(z.string()),
      ruleSets: z.array(z.string()),
      ...Reads,
    }),
  ),
});

const Inspection = {
  entrypoint: z.strictObject(Reads),
  ruleSets: z.record(z.string(), z.strictObject(Reads)),
  rules: z.array(
    z.strictObject({
      path: z.string(),
      ruleSet: z.string(),
      kind: z.enum(['set', 'object', 'value', 'function']),
      ids: z.array(z.string()),
      hasUnknownId: z.boolean(),
      annotatedIds: z.array(z.string()),
      isReached: z.boolean(),
      ...Place,
      ...Reads,
    }),
  ),
  annotations: z.array(
    z.strictObject({
      id: z.string(),
      scope: z.string(),
      path: z.string(),
      title: z.string(),
      description: z.string(),
      custom: z.record(z.string(), z.unknown()),
      ...Place,
    }),
  ),
  ids: z.record(z.string(), z.strictObject(Reads)),
};

const InspectAnswer = z.strictObject({ ...Errors, ...Inspection });

const ActivateAnswer = z.strictObject({
  ...Errors,
  inspection: InspectAnswer.optional(),
  failedTests: z.array(z.strictObject({ name: z.string(), error: Problem.optional(), ...Place })),
});

const TestAnswer = z.strictObject({
  ...Errors,
  tests: z.array(
    z.strictObject({
      package: z.string(),
      name: z.string(),
      outcome: z.enum(['pass', 'fail', 'error', 'skip']),
      error: Problem.optional(),
      durationNs: z.number(),
      output: z.string(),
      failedCases: z.array(z.string()),
      ...Place,
    }),
  ),
  coverage: z.strictObject({
    percent: z.number(),
    files: z.record(z.string(), z.strictObject({ covered: z.array(z.number()), notCovered: z.array(z.number()) })),
    rules: z.array(z.strictObject({ path: z.string(), ids: z.array(z.string()), fired: z.boolean(), ...Place })),
  }),
});

const FormatAnswer = z.strictObject({
  ...Errors,
  files: z.record(z.string(), z.string()),
  changed: z.array(z.string()),
});

const EvalAnswer = z.strictObject({
  ...Errors,
  results: z.array(z.strictObject({ value: z.unknown().optional(), error: Problem.optional() })),
});

/** The bundles break Rego or the contract. */
export interface Refused {
  readonly kind: 'refused';
  readonly problems: readonly RegoProblem[];
}

export type BuildResult = { readonly kind: 'built'; readonly module: BuiltModule } | Refused;
export type InspectResult = { readonly kind: 'inspected'; readonly inspection: BundleInspection } | Refused;
export type ActivateResult =
  | {
      readonly kind: 'examined';
      readonly inspection: BundleInspection;
      readonly failedTests: readonly FailedTest[];
    }
  | Refused;
export type TestResult =
  | { readonly kind: 'tested'; readonly tests: readonly RegoTest[]; readonly coverage: RegoCoverage }
  | Refused;
export type EvaluateResult = { readonly kind: 'evaluated'; readonly results: readonly RegoEvaluation[] } | Refused;

/** A test of a bundle that does not pass. */
export interface FailedTest {
  readonly name: string;
  readonly error?: RegoProblem | undefined;
  readonly file: string;
  readonly row: number;
  readonly column: number;
}

export interface FormatResult {
  /** The formatted text of every file that could be read. */
  readonly files: Readonly<Record<string, string>>;
  /** The files whose text differs, sorted. */
  readonly changed: readonly string[];
  /** Syntax errors of the others. */
  readonly problems: readonly RegoProblem[];
}

export function parseCheck(text: string): readonly RegoProblem[] {
  return parse(CheckAnswer, text).errors;
}

export function parseBuild(text: string): BuildResult {
  const { errors, wasmBase64, bundles } = parse(BuildAnswer, text);
  if (wasmBase64 === undefined) return { kind: 'refused', problems: errors };
  return { kind: 'built', module: { wasm: Buffer.from(wasmBase64, 'base64'), bundles } };
}

export function parseInspect(text: string): InspectResult {
  const { errors, ...inspection } = parse(InspectAnswer, text);
  return errors.length > 0 ? { kind: 'refused', problems: errors } : { kind: 'inspected', inspection };
}

export function parseActivate(text: string): ActivateResult {
  const { errors, inspection, failedTests } = parse(ActivateAnswer, text);
  if (inspection === undefined) return { kind: 'refused', problems: errors };
  const { errors: _none, ...inspected } = inspection;
  return { kind: 'examined', inspection: inspected, failedTests };
}

export function parseTest(text: string): TestResult {
  const { errors, tests, coverage } = parse(TestAnswer, text);
  return errors.length > 0 ? { kind: 'refused', problems: errors } : { kind: 'tested', tests, coverage };
}

export function parseFormat(text: string): FormatResult {
  const { errors, files, changed } = parse(FormatAnswer, text);
  return { files, changed, problems: errors };
}

export function parseEvaluate(text: string): EvaluateResult {
  const { errors, results } = parse(EvalAnswer, text);
  return errors.length > 0 ? { kind: 'refused', problems: errors } : { kind: 'evaluated', results };
}

function parse<Answer>(schema: z.ZodType<Answer>, text: string): Answer {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new GatewayError('TOOLCHAIN_FAILED', 'the Rego toolchain gave an answer of an unknown shape', { cause });
  }
}
