import { createRequire } from 'node:module';
import type * as OpaWasm from '@open-policy-agent/opa-wasm';
import { GatewayError, messageOf } from '../core/errors.ts';
import type { BuiltinContext } from './builtin.ts';
import type { Evaluated, Occasion, PolicyEngine, RuntimeOptions } from './evaluation.ts';
import { termOf } from './term.ts';
import { writeTerm } from './term-text.ts';

/** Its entry for ES modules does not export `loadPolicySync`. Loaded when asked for, which is hardly ever. */
const loadSdk = (): typeof OpaWasm => createRequire(import.meta.url)('@open-policy-agent/opa-wasm');

type LoadedPolicy = ReturnType<typeof OpaWasm.loadPolicySync>;

/**
 * The same questions answered through OPA's own SDK for JavaScript, as it comes: to compare with, and to diagnose. It
 * has no fuel, its own built-in functions (`sprintf`) win over ours, it sees sets as arrays where it calls ours, and of
 * failing built-in functions only ours are errors.
 */
export class ReferenceEngine implements PolicyEngine {
  readonly #wasm: Uint8Array;
  readonly #options: RuntimeOptions;
  #policy: LoadedPolicy | undefined;
  #context: BuiltinContext = { nowNs: 0n };
  #input: unknown = {};

  /** Takes a module as the toolchain makes it, not rewritten. Throws POLICY_FAILED. */
  constructor(wasm: Uint8Array, options: RuntimeOptions) {
    this.#wasm = wasm;
    this.#options = options;
    this.#policy = this.#load();
  }

  get entrypoints(): readonly string[] {
    return Object.keys(this.#ready().entrypoints);
  }

  open({ input, nowNs }: Occasion): void {
    this.#input = JSON.parse(input);
    this.#context = { nowNs };
  }

  addToInput(path: readonly string[], json: string): void {
    this.#input = withMember(this.#input, path, JSON.parse(json));
  }

  evaluate(entrypoint: string): Evaluated {
    try {
      const results: unknown = this.#ready().evaluate(this.#input, entrypoint);
      const first: unknown = Array.isArray(results) ? results[0] : undefined;
      if (typeof first !== 'object' || first === null || !('result' in first)) return { kind: 'undefined', fuel: 0 };
      return { kind: 'value', text: JSON.stringify(first.result), fuel: 0 };
    } catch (thrown) {
      this.#policy = undefined;
      return { kind: 'error', why: messageOf(thrown), fuel: 0 };
    }
  }

  #ready(): LoadedPolicy {
    this.#policy ??= this.#load();
    return this.#policy;
  }

  #load(): LoadedPolicy {
    try {
      const policy = loadSdk().loadPolicySync(new Uint8Array(this.#wasm), {}, this.#builtins());
      policy.setData(JSON.parse(this.#options.data));
      return policy;
    } catch (thrown) {
      throw new GatewayError('POLICY_FAILED', `The SDK cannot load a compiled policy: ${messageOf(thrown)}.`, {
        cause: thrown,
      });
    }
  }

  #builtins(): Record<string, (...args: unknown[]) => unknown> {
    const entries = [...this.#options.builtins].map(([name, run]) => {
      const call = (...args: unknown[]): unknown => {
        const result = run(args.map(termOf), this.#context);
        return result === undefined ? undefined : JSON.parse(writeTerm(result));
      };
      return [name, call] as const;
    });
    return Object.fromEntries(entries);
  }
}

function withMember(object: unknown, path: readonly string[], value: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const members = typeof object === 'object' && object !== null ? Object.entries(object) : [];
  const before = members.find(([key]) => key === name)?.[1];
  return Object.fromEntries([...members.filter(([key]) => key !== name), [name, withMember(before, rest, value)]]);
}
