import { LAYERS, type Layer, type Mode, type Opinion, type People } from '../core/opinion.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import { type ActionType, phaseOf } from '../core/action.ts';
import type { Delegator } from '../core/principal.ts';
import type { Bundle } from './bundle.ts';
import type { RuleBook } from './rule-book.ts';
import { type BundleScope, governs, inScope } from './scope.ts';

/** A bundle as the configuration has it: whom it is for, how far it counts, and what was loaded for it. */
export interface Participant {
  /** Of a server's bundle the server's id, of an agent's `agent-<id>`, of a starter's `starter-<layer>`. */
  readonly id: string;
  readonly layer: Layer;
  readonly place: Place;
  readonly mode: Mode;
  /** Modes of single rules, by rule id. */
  readonly ruleModes: Readonly<Record<string, Mode>>;
  /** Absent while a configured bundle has no good digest; then its place stays taken and every decision is a denial. */
  readonly loaded?: LoadedBundle;
}

export type Place =
  | { readonly kind: 'organisation'; readonly scope: BundleScope }
  | { readonly kind: 'server'; readonly server: string }
  | { readonly kind: 'agent'; readonly agent: string }
  | { readonly kind: 'starter' };

export interface LoadedBundle {
  readonly bundle: Bundle;
  readonly rules: RuleBook;
}

/** Whether the two names in a permit of this bundle are known to be two people: whoever signs it answers for that. */
export function peopleBehind({ signature }: Pick<Bundle, 'signature'>): People {
  return signature.kind === 'verified' ? 'verified' : 'unverified';
}

/** What policy is asked about. */
export interface Question {
  readonly action: ActionType;
  readonly server: string;
  readonly agent: string;
  /** Unprefixed; empty where the action has none. */
  readonly tool: string;
  readonly input: PolicyInput;
  /** Those named by `input.agent.delegated_by`, nearest first. */
  readonly delegators?: readonly Delegator[] | undefined;
  /** What is known without asking, when old decisions are made again; absent where every bundle is asked. */
  readonly known?: KnownOpinions | undefined;
}

/**
 * What a bundle says of an input, where that is known already; undefined where it has to be asked. Of those on whose
 * behalf is asked the input names the one whom it is about.
 */
export type KnownOpinions = (participant: Participant, input: PolicyInput) => Opinion | undefined;

/**
 * The bundles that take part, identity first. In a layer in which no configured bundle is in scope the starter's
 * stands in; a shadowed one does not count, nor does an agent's, while one that is missing does.
 */
export function participantsIn(question: Omit<Question, 'input'>, all: readonly Participant[]): readonly Participant[] {
  const governing = all.filter((one) => mayGovern(one, question.action));
  const configured = governing.filter((one) => concerns(one.place, question));
  const taken = new Set(configured.filter(takesPlace).map(({ layer }) => layer));
  const standIns = governing.filter((one) => one.place.kind === 'starter' && !taken.has(one.layer));
  return [...configured, ...standIns].toSorted(byLayerAndId);
}

/** Nobody knows what a bundle would govern that has no good version: it may be any request, and any question of a server. */
function mayGovern({ layer, loaded }: Participant, action: ActionType): boolean {
  if (loaded === undefined) return phaseOf(action) !== 'result';
  return governs(layer, loaded.bundle.manifest.metadata.gateway.governs, action);
}

function concerns(place: Place, question: Omit<Question, 'input'>): boolean {
  if (place.kind === 'organisation') return inScope(place.scope, question);
  if (place.kind === 'server') return place.server === question.server;
  return place.kind === 'agent' && place.agent === question.agent;
}

function takesPlace({ place, mode }: Participant): boolean {
  return place.kind !== 'agent' && mode !== 'shadow';
}

function byLayerAndId(left: Participant, right: Participant): number {
  const byLayer = LAYERS.indexOf(left.layer) - LAYERS.indexOf(right.layer);
  if (byLayer !== 0) return byLayer;
  return left.id < right.id ? -1 : 1;
}
