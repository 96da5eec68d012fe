import type { DeclaredEffects } from '../catalog/effect.ts';
import type { ServerId } from '../core/names.ts';
import type { PolicySet } from '../policy/policy-set.ts';
import type { DeclaredArguments } from './data-classes.ts';
import type { ServerFacts } from './build-input.ts';

/** One governed server as the gateway sees it; fixed for as long as a generation is in force. */
export interface GovernedServer {
  readonly id: ServerId;
  readonly facts: ServerFacts;
  /** Whether a bundle of its own governs it; then arguments that its schemas do not name are refused. */
  readonly hasBundle: boolean;
  /** What the bundle's manifest says of single tools: their effects, and the classes of data they touch. */
  readonly effects: DeclaredEffects;
  readonly dataClasses: Readonly<Record<string, readonly string[]>>;
  /** Classes of data by pointers into the arguments of single tools. */
  readonly argumentClasses: Readonly<Record<string, DeclaredArguments>>;
  readonly unknownArguments: 'deny' | 'allow' | undefined;
  /** Requests that it may make of its clients. */
  readonly allow: { readonly sampling: boolean; readonly elicitation: boolean; readonly roots: boolean };
  /** The generation under which it is seen: it decides what was resolved under it, to the end; absent is the current one. */
  readonly policy?: PolicySet;
}

/** What the manifest declares of the arguments of a tool. */
export function declaredArguments({ argumentClasses }: GovernedServer, tool: string): DeclaredArguments {
  return Object.hasOwn(argumentClasses, tool) ? (argumentClasses[tool] ?? {}) : {};
}
