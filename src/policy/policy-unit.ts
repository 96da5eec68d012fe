import type { Capabilities } from '../core/opinion.ts';
import type { BuiltBundle } from '../core/rego.ts';
import type { Evaluated, PolicyEngine } from './evaluation.ts';
import { isOfTheCall } from './opinion-cache.ts';
import { type Document, projectionTo, reads } from './projection.ts';

/** What a unit is made of: an engine that holds the compiled module, and what the toolchain knows of its bundles. */
export interface PolicyUnitParts {
  readonly engine: PolicyEngine;
  readonly bundles: Readonly<Record<string, BuiltBundle>>;
}

const CAPABILITIES = ['identity', 'capabilities'];
const BUDGETS = ['budgets'];
/** How `budgets` stands in every input until a bundle's own part of it is put there. */
export const NO_BUDGETS = '{}';

/** Bundles that read from one input, which is written and parsed once for all of them, less what none of them reads. */
interface Readers {
  readonly project: (input: Document) => Document;
  readonly readsCapabilities: boolean;
  readonly readsBudgets: boolean;
}

interface Member {
  readonly facts: BuiltBundle;
  readonly readers: Readers;
}

interface Occasion {
  readonly input: Document;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** What identity grants, as JSON text, once it is known. */
  readonly capabilities: string | undefined;
}

/**
 * One compiled module with the bundles that are linked in it: the organisation's are one unit, every author's bundle
 * is a unit of its own. Those that are asked at every call read one input, those whose opinions are mostly kept another,
 * so that every bundle reads the same whichever others are asked. What identity grants is added to the parsed value,
 * and so is what each bundle reads of the budgets.
 */
export class PolicyUnit {
  readonly #engine: PolicyEngine;
  readonly #members: ReadonlyMap<string, Member>;
  #occasion: Occasion = { input: {}, now: 0, capabilities: undefined };
  /** Whose input the engine has now. */
  #opened: Readers | undefined;
  /** The budgets that stand in it, as JSON text. */
  #budgets = NO_BUDGETS;

  constructor({ engine, bundles }: PolicyUnitParts) {
    const all = Object.entries(bundles);
    const groups = [all.filter(([, facts]) => isOfTheCall(facts)), all.filter(([, facts]) => !isOfTheCall(facts))];
    this.#engine = engine;
    this.#members = new Map(groups.flatMap(membersOf));
  }

  /** Whether a bundle can see what stands at a place of the input, such as `action.args.path`. */
  reads(bundle: string, place: string): boolean {
    return reads(this.factsOf(bundle)?.inputs ?? [''], place);
  }

  /** What the toolchain knows of a bundle; undefined where it is not in the module. */
  factsOf(bundle: string): BuiltBundle | undefined {
    return this.#members.get(bundle)?.facts;
  }

  /** Starts a decision: its input, and its one time in milliseconds since the epoch. */
  open(input: Document, now: number): void {
    this.#occasion = { input, now, capabilities: undefined };
    this.#opened = undefined;
  }

  grant(capabilities: Capabilities): void {
    const text = JSON.stringify(capabilities);
    this.#occasion = { ...this.#occasion, capabilities: text };
    if (this.#opened?.readsCapabilities === true) this.#engine.addToInput(CAPABILITIES, text);
  }

  /** `budgets`: what this bundle reads of them, as JSON text. */
  ask(bundle: string, fuel: number, budgets: string = NO_BUDGETS): Evaluated {
    const member = this.#members.get(bundle);
    if (member === undefined) return { kind: 'error', why: 'it is not in its compiled module', fuel: 0 };
    if (this.#opened !== member.readers) this.#openFor(member.readers);
    if (budgets !== this.#budgets && member.readers.readsBudgets) {
      this.#budgets = budgets;
      this.#engine.addToInput(BUDGETS, budgets);
    }
    return this.#engine.evaluate(member.facts.entrypointPath, fuel);
  }

  #openFor(readers: Readers): void {
    const { input, now, capabilities } = this.#occasion;
    this.#opened = readers;
    this.#budgets = NO_BUDGETS;
    this.#engine.open({ input: JSON.stringify(readers.project(input)), nowNs: BigInt(now) * 1_000_000n });
    if (capabilities !== undefined && readers.readsCapabilities) this.#engine.addToInput(CAPABILITIES, capabilities);
  }
}

function membersOf(group: readonly (readonly [string, BuiltBundle])[]): readonly (readonly [string, Member])[] {
  const inputs = group.flatMap(([, { inputs: read }]) => read);
  const readers = {
    // As a whole: a bundle's own part takes the place of what stands there.
    project: projectionTo(reads(inputs, 'budgets') ? [...inputs, 'budgets'] : inputs),
    readsCapabilities: reads(inputs, CAPABILITIES.join('.')),
    readsBudgets: reads(inputs, 'budgets'),
  };
  return group.map(([id, facts]) => [id, { facts, readers }]);
}
