import { GatewayError, messageOf } from '../core/errors.ts';
import {
  type Evaluated,
  EvaluationStopped,
  type Occasion,
  type PolicyEngine,
  type RuntimeOptions,
} from './evaluation.ts';
import { PolicyInstance } from './instance.ts';
import type { PolicyModule } from './module.ts';

/**
 * One compiled policy with its data, ready to be asked. An instance in which anything was thrown is not used again: an
 * abort leaves its stack pointer where it was. The next question gets a fresh one, with the same input.
 */
export class PolicyRuntime implements PolicyEngine {
  readonly #module: PolicyModule;
  readonly #options: RuntimeOptions;
  #instance: PolicyInstance | undefined;
  #occasion: Occasion = { input: '{}', nowNs: 0n };
  #additions: readonly Addition[] = [];
  #isPrepared = false;

  /** Instantiates and loads the data. Throws POLICY_FAILED when that does not work. */
  constructor(module: PolicyModule, options: RuntimeOptions) {
    this.#module = module;
    this.#options = options;
    this.#instance = new PolicyInstance(module, options);
  }

  get entrypoints(): readonly string[] {
    return [...this.#ready().entrypoints.keys()];
  }

  open(occasion: Occasion): void {
    this.#occasion = occasion;
    this.#additions = [];
    this.#isPrepared = false;
  }

  addToInput(path: readonly string[], json: string): void {
    const addition = { path, json };
    this.#additions = [...this.#additions, addition];
    if (this.#isPrepared) this.#attempt(() => this.#ready().addToInput(path, json));
  }

  evaluate(entrypoint: string, fuel: number): Evaluated {
    const outcome = this.#attempt(() => {
      this.#prepare();
      return this.#ready().evaluate(entrypoint, fuel);
    });
    if (!(outcome instanceof EvaluationStopped)) return outcome;
    return { kind: outcome.kind, why: outcome.message, fuel: Math.min(fuel, outcome.fuel) };
  }

  #prepare(): void {
    if (this.#isPrepared) return;
    const instance = this.#ready();
    instance.open(this.#occasion);
    for (const { path, json } of this.#additions) instance.addToInput(path, json);
    this.#isPrepared = true;
  }

  #ready(): PolicyInstance {
    this.#instance ??= new PolicyInstance(this.#module, this.#options);
    return this.#instance;
  }

  /** Whatever is thrown costs the instance. */
  #attempt<Result>(work: () => Result): Result | EvaluationStopped {
    try {
      return work();
    } catch (thrown) {
      this.#instance = undefined;
      this.#isPrepared = false;
      if (thrown instanceof EvaluationStopped) return thrown;
      if (thrown instanceof GatewayError) return new EvaluationStopped('error', thrown.message, 0);
      return new EvaluationStopped('error', `the policy module failed: ${messageOf(thrown)}`, 0);
    }
  }
}

interface Addition {
  readonly path: readonly string[];
  readonly json: string;
}
