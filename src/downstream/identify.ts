import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { MOST_AGENTS_IN_LINE } from '../core/principal.ts';
import type { Identity } from './identity.ts';

/** Which claims of a token say who asks: `gateway.auth.oidc.claims`. */
export interface ClaimNames {
  /** Default: `sub`. */
  readonly user?: string | undefined;
  /** Default: `groups`. */
  readonly groups?: string | undefined;
  /** Default: `client_id`, else `azp`, where no `act` names an agent. */
  readonly agent?: string | undefined;
  /** Default: none. */
  readonly data_classes?: string | undefined;
}

/** `why` says what is wrong, for whoever made the token or key; it holds neither. */
export type Identified =
  | { readonly kind: 'identified'; readonly identity: Identity }
  | { readonly kind: 'refused'; readonly why: string };

/** Ids of the agents that are configured: no other can be named. Where there are none, bundles may know any name. */
type KnownAgents = ReadonlySet<string>;

/**
 * Who asks, by the claims of a token that has been verified. The outermost `act` is the agent, those within have handed
 * the work on, the nearest first (RFC 8693, section 4.1). Without `act`, the client that the token was made for is the agent
 * (RFC 9068, section 2.2). One that names no agent is refused: a client must not choose its agent by what it calls itself.
 * Groups and scopes are sorted: a session is found again by the next token, which may name them in another order.
 */
export function identifyByClaims(claims: JsonObject, names: ClaimNames, agents: KnownAgents): Identified {
  const reading: Reading = { what: 'the token’s', from: claims, problems: [] };
  const line = lineByClaims(reading, names.agent);
  refuseUnknown(reading, line, agents);
  const user = {
    id: textAt(reading, names.user ?? 'sub'),
    groups: textsAt(reading, names.groups ?? 'groups').toSorted(),
    data_classifications_authorized: names.data_classes === undefined ? [] : textsAt(reading, names.data_classes),
  };
  return identified(reading, { line, scope: scopesIn(claims).toSorted().join(' ') }, user);
}

/** The scopes of a token, by `scope` (RFC 8693, section 4.2) or `scp`, as several providers write it. */
export function scopesIn(claims: JsonObject): readonly string[] {
  const written = valueAt(claims, 'scope') ?? valueAt(claims, 'scp') ?? '';
  const texts = Array.isArray(written) ? written : [written];
  const scopes = texts.flatMap((text) => (typeof text === 'string' ? text.split(' ') : []));
  return [...new Set(scopes)].filter((scope) => SCOPE.test(scope)).slice(0, MOST_SCOPES);
}

/** RFC 6749, section 3.3. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/;
const MOST_SCOPES = 64;

/** Who asks, by the entry that is kept of an API key: `agent`, `user`, and if need be `groups`, `data_classes`, `delegated_by`. */
export function identifyByKey(entry: JsonObject, agents: KnownAgents): Identified {
  const reading: Reading = { what: 'the key’s', from: entry, problems: [] };
  const line = [textAt(reading, 'agent'), ...textsAt(reading, 'delegated_by')];
  refuseLoop(reading, 'delegated_by', line);
  refuseUnknown(reading, line, agents);
  const user = {
    id: textAt(reading, 'user'),
    groups: textsAt(reading, 'groups'),
    data_classifications_authorized: textsAt(reading, 'data_classes'),
  };
  return identified(reading, { line, scope: '' }, user);
}

interface Reading {
  /** Whose members they are, in messages. */
  readonly what: string;
  readonly from: JsonObject;
  readonly problems: string[];
}

interface Asking {
  /** The agent, and those behind it. */
  readonly line: readonly string[];
  readonly scope: string;
}

function identified({ problems }: Reading, { line, scope }: Asking, user: Identity['user']): Identified {
  if (problems.length > 0) return { kind: 'refused', why: problems.join('; ') };
  const [id = '', ...delegatedBy] = line;
  // What the configuration says of the agent counts before it, and is added where its reach is known.
  return {
    kind: 'identified',
    identity: { agent: { id, scope, owner_team: '', model: '', delegated_by: delegatedBy }, user },
  };
}

/** The agent and all who have handed the work on; where the claim that is configured names an agent, too, it is the same. */
function lineByClaims(reading: Reading, configured: string | undefined): readonly string[] {
  const actors = actorsIn(reading);
  if (configured === undefined) return Object.hasOwn(reading.from, 'act') ? actors : [clientIn(reading)];
  if (actors.length > 0 && !Object.hasOwn(reading.from, configured)) return actors;
  const named = textAt(reading, configured);
  const [actor = named] = actors;
  if (actor !== named) reading.problems.push(`${reading.what} "act" and "${configured}" name different agents`);
  return actors.length > 0 ? actors : [named];
}

/** `client_id` as in RFC 9068, `azp` as in OpenID Connect. */
function clientIn(reading: Reading): string {
  const claim = ['client_id', 'azp'].find((name) => Object.hasOwn(reading.from, name));
  if (claim !== undefined) return textAt(reading, claim);
  reading.problems.push(`${reading.what} claims name no agent: there is no "act", "client_id" or "azp"`);
  return '';
}

/** The subjects of `act` and of each `act` within. One of another issuer could bear the name of one of ours. */
function actorsIn(reading: Reading): readonly string[] {
  const { what, from, problems } = reading;
  const actors: string[] = [];
  for (let act = valueAt(from, 'act'); act !== undefined; act = valueAt(act, 'act')) {
    if (!isJsonObject(act)) {
      problems.push(`${what} "act" is no object`);
      break;
    }
    if (valueAt(act, 'iss') !== undefined && valueAt(act, 'iss') !== valueAt(from, 'iss'))
      problems.push(`${what} "act" names an agent of another issuer`);
    actors.push(textAt({ what: `${what} "act":`, from: act, problems }, 'sub'));
    if (actors.length > MOST_AGENTS_IN_LINE) break;
  }
  refuseLoop(reading, 'act', actors);
  return actors;
}

function refuseLoop({ what, problems }: Reading, name: string, line: readonly string[]): void {
  if (line.length > MOST_AGENTS_IN_LINE)
    problems.push(`${what} "${name}" makes a line of more than ${String(MOST_AGENTS_IN_LINE)} agents`);
  const read = line.filter((agent) => agent !== '');
  if (new Set(read).size < read.length) problems.push(`${what} "${name}" names an agent twice`);
}

function refuseUnknown({ problems }: Reading, line: readonly string[], agents: KnownAgents): void {
  if (agents.size === 0) return;
  // What could not be read has been said already.
  const unknown = line.filter((agent) => agent !== '' && !agents.has(agent));
  for (const agent of new Set(unknown)) problems.push(`there is no agent "${agent}" in the configuration`);
}

const MAX_TEXT = 256;

/** A text that has to be there; empty where it is none, and that is said. */
function textAt({ what, from, problems }: Reading, name: string): string {
  const value = valueAt(from, name);
  if (isName(value)) return value;
  problems.push(value === undefined ? `${what} "${name}" is missing` : `${what} "${name}" ${NOT_A_NAME}`);
  return '';
}

/** A list of texts; empty where there is none. */
function textsAt({ what, from, problems }: Reading, name: string): readonly string[] {
  const value = valueAt(from, name);
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every(isName)) return value;
  problems.push(`${what} "${name}" is not a list, or something in it ${NOT_A_NAME}`);
  return [];
}

const NOT_A_NAME = `is not a text of 1 to ${String(MAX_TEXT)} characters that can be seen`;

/** It ends in records, prompts and logs. */
function isName(value: Json | undefined): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT && !/\p{C}/u.test(value);
}

function valueAt(from: Json, name: string): Json | undefined {
  return isJsonObject(from) && Object.hasOwn(from, name) ? from[name] : undefined;
}
