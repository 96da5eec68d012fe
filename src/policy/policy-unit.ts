import type { Capabilities } from '../core/opinion.ts';
import type { BuiltBundle } from '../core/rego.ts';
import type { Evaluated, PolicyEngine } from './evaluation.ts';
import { type Document, projectionTo, reads } from './projection.ts';

/** What a unit is made of: an engine that holds the compiled module, and what the toolchain knows of its bundles. */
export interface PolicyUnitParts {
  readonly engine: PolicyEngine;
  readonly bundles: Readonly<Record<string, BuiltBundle>>;
}

const CAPABILITIES = ['identity', 'capabilities'];

/**
 * One compiled module with the bundles that are linked in it: the organisation's are one unit, every author's bundle
 * is a unit of its own. The input is written and parsed once for all its bundles, less what none of them reads; what
 * the identity bundles grant is added to the parsed value.
 */
export class PolicyUnit {
  readonly #engine: PolicyEngine;
  readonly #bundles: Readonly<Record<string, BuiltBundle>>;
  readonly #project: (input: Document) => Document;
  readonly #readsCapabilities: boolean;

  constructor({ engine, bundles }: PolicyUnitParts) {
    const inputs = Object.values(bundles).flatMap((bundle) => bundle.inputs);
    this.#engine = engine;
    this.#bundles = bundles;
    this.#project = projectionTo(inputs);
    this.#readsCapabilities = reads(inputs, CAPABILITIES.join('.'));
  }

  /** Whether a bundle can see what stands at a place of the input, such as `action.args.path`. */
  reads(bundle: string, place: string): boolean {
    return reads(this.#bundles[bundle]?.inputs ?? [''], place);
  }

  /** What the toolchain knows of a bundle; undefined where it is not in the module. */
  factsOf(bundle: string): BuiltBundle | undefined {
    return this.#bundles[bundle];
  }

  /** Starts a decision: its input, and its one time in milliseconds since the epoch. */
  open(input: Document, now: number): void {
    this.#engine.open({ input: JSON.stringify(this.#project(input)), nowNs: BigInt(now) * 1_000_000n });
  }

  grant(capabilities: Capabilities): void {
    if (this.#readsCapabilities) this.#engine.addToInput(CAPABILITIES, JSON.stringify(capabilities));
  }

  ask(bundle: string, fuel: number): Evaluated {
    const built = this.#bundles[bundle];
    if (built === undefined) return { kind: 'error', why: 'it is not in its compiled module', fuel: 0 };
    return this.#engine.evaluate(built.entrypointPath, fuel);
  }
}
