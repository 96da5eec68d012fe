import { canonicalJson, sha256Hex } from '../core/canonical-json.ts';
import type { JsonObject } from '../core/json.ts';
import type { CatalogItem } from '../catalog/catalog.ts';
import { annotationsOf } from '../catalog/effect.ts';
import type { CatalogResource } from '../catalog/resource-catalog.ts';
import type { AboutFacts, ToolFacts } from './build-input.ts';
import type { GovernedServer } from './governed-server.ts';

/** The phase in which it is decided whether somebody may see a thing at all. */
export type ListAction = 'tool_list' | 'prompt_list' | 'resource_list';

/** One thing of one server that a client can name, with all that a decision about it needs. */
export interface Route {
  readonly server: GovernedServer;
  readonly listed: ListAction;
  /** Of what is no tool the name is empty and the effect `read`. */
  readonly facts: ToolFacts;
  readonly about: AboutFacts | undefined;
  /** As clients see it; empty where it is in no list. */
  readonly definition: JsonObject;
  /** Names this very definition of this very thing. */
  readonly pin: string;
}

export interface PromptRoute extends Route {
  /** The server's own name for it. */
  readonly prompt: string;
}

export interface ResourceRoute extends Route {
  /** The server's own: a URI, or the text of a template. */
  readonly uri: string;
}

export function routeToPrompt({ name, definition }: CatalogItem, server: GovernedServer): PromptRoute {
  const facts = readingFacts(definition);
  const pin = `${server.id}\nprompt ${name}\n${hashOf(facts)}`;
  return { server, listed: 'prompt_list', facts, about: { prompt: name }, definition, pin, prompt: name };
}

/** Of a resource or of a template. */
export function routeToResource(
  { uri, definition }: Pick<CatalogResource, 'uri' | 'definition'>,
  server: GovernedServer,
): ResourceRoute {
  const facts = readingFacts(definition);
  const pin = `${server.id}\nresource ${uri}\n${hashOf(facts)}`;
  return { server, listed: 'resource_list', facts, about: { resource: uri }, definition, pin, uri };
}

/** The protocol knows prompts and resources as reading. */
function readingFacts(definition: JsonObject): ToolFacts {
  return { tool: '', annotations: annotationsOf(definition), effect: 'read', consent: 'new', dataClasses: [] };
}

function hashOf({ annotations }: ToolFacts): string {
  return sha256Hex(canonicalJson(annotations));
}
