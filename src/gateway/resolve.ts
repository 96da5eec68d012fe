import { canonicalJson, sha256Hex } from '../core/canonical-json.ts';
import type { JsonObject } from '../core/json.ts';
import type { ServerId } from '../core/names.ts';
import type { OwnDenial } from '../core/record.ts';
import type { Exposure } from './exposure.ts';
import type { Caller } from './port.ts';
import type { Route } from './route.ts';

/** What a request is aimed at. What the agent cannot see, it cannot tell from what does not exist. */
export type Target<T> =
  | {
      readonly kind: 'found';
      readonly route: T;
      readonly args: Arguments;
      readonly isSchemaChecked: boolean;
    }
  /** Known to the gateway, but refused before any policy is asked. */
  | { readonly kind: 'refused'; readonly route: T; readonly args: Arguments; readonly denial: OwnDenial }
  | { readonly kind: 'unknown'; readonly denial: OwnDenial };

/** The arguments of a request, whatever they are called in it. */
export interface Arguments {
  readonly value: JsonObject;
  /** Length of their canonical text. */
  readonly bytes: number;
  /** SHA-256 of server, thing and arguments, hex. */
  readonly hash: string;
}

/** Whether a user has signed in to a server that wants it. */
export interface SignInStates {
  stateOf(server: ServerId, principalId: string): 'not_needed' | 'signed_in' | 'required';
}

export interface ResolveParts {
  readonly exposure: Exposure;
  readonly signIns: SignInStates;
}

/** What stands in the way of a request for a thing before any policy is asked, or undefined. */
export function denialBefore(
  routes: readonly Route[],
  caller: Caller,
  { exposure, signIns }: ResolveParts,
): OwnDenial | undefined {
  for (const route of routes) {
    const visibility = exposure.visibilityOf(route, caller);
    if (visibility.kind !== 'hidden') continue;
    return unknownDenial(route.listed, visibility);
  }
  const [first] = routes;
  if (first === undefined || signIns.stateOf(first.server.id, caller.principal.user.id) !== 'required')
    return undefined;
  return { reason: 'gateway.sign_in_required', internal: '', rules: [], params: { server: first.server.id } };
}

/** The denial of what is not there. Of what is there and hidden, the record alone keeps why. */
export function unknownDenial(
  listed: Route['listed'],
  hidden: { readonly internal: string; readonly rules: readonly string[] } = NOT_THERE,
): OwnDenial {
  return { reason: UNKNOWN_REASONS[listed], internal: hidden.internal, rules: hidden.rules, params: {} };
}

const NOT_THERE = { internal: '', rules: [] };

const UNKNOWN_REASONS: Readonly<Record<Route['listed'], string>> = {
  tool_list: 'gateway.unknown_tool',
  prompt_list: 'gateway.unknown_prompt',
  resource_list: 'gateway.unknown_resource',
};

/** Whether a denial says no more than that a thing is not there. */
export function saysUnknown(reason: string): boolean {
  return Object.values(UNKNOWN_REASONS).includes(reason);
}

/** `thing` names what is asked for within its server: a tool by its name, all else by more than that. */
export function argumentsOf(server: ServerId, thing: string, value: JsonObject): Arguments {
  const text = canonicalJson(value);
  return { value, bytes: text.length, hash: sha256Hex(`${server}\n${thing}\n${text}`) };
}
