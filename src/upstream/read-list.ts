import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { ListName } from '../core/protocol.ts';
import { RPC } from '../core/rpc.ts';
import { broke, resultOf } from './broken-protocol.ts';
import type { Connection } from './connection.ts';
import type { SentOptions } from './request-options.ts';
import type { ServerFacts } from './server-facts.ts';

export interface ListSource {
  readonly name: string;
  readonly connection: Connection;
  readonly facts: Pick<ServerFacts, 'capabilities'>;
}

/** A server that pages on for ever is stopped here. */
const MOST_PAGES = 100;
const MOST_ITEMS = 10_000;

const KINDS = {
  tools: { method: 'tools/list', member: 'tools', capability: 'tools' },
  prompts: { method: 'prompts/list', member: 'prompts', capability: 'prompts' },
  resources: { method: 'resources/list', member: 'resources', capability: 'resources' },
  templates: { method: 'resources/templates/list', member: 'resourceTemplates', capability: 'resources' },
} as const satisfies Record<ListName, object>;

/** A whole list of a server, page after page, as it defines it. One that it does not have is empty. */
export async function readList(
  { name, connection, facts }: ListSource,
  list: ListName,
  options: SentOptions,
): Promise<readonly JsonObject[]> {
  const { method, member, capability } = KINDS[list];
  const items: JsonObject[] = [];
  if (facts.capabilities[capability] === undefined) return items;
  const seen = new Set<string>();
  let params: JsonObject = {};
  for (let page = 0; page < MOST_PAGES; page++) {
    const answer = await connection.request(method, params, options);
    if (answer.kind === 'failure' && answer.error.code === RPC.methodNotFound) return items;
    const result = resultOf(answer, name, method);
    const more = result[member];
    if (!Array.isArray(more) || !more.every(isJsonObject)) throw broke(name, `answers ${method} without a list`);
    items.push(...more);
    if (items.length > MOST_ITEMS) throw broke(name, `lists more than ${MOST_ITEMS} ${list}`);
    const cursor = result['nextCursor'];
    if (typeof cursor !== 'string') return items;
    if (seen.has(cursor)) throw broke(name, `gives the same page of ${list} again and again`);
    seen.add(cursor);
    params = { cursor };
  }
  throw broke(name, `lists its ${list} on more than ${MOST_PAGES} pages`);
}
