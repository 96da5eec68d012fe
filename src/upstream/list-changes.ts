import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { ListName } from '../core/protocol.ts';
import type { RpcNotification } from '../core/rpc.ts';

/** The list that a notification says has changed. A change of templates is told as one of resources. */
export function changedList({ method }: RpcNotification): ListName | undefined {
  return CHANGES.get(method);
}

/** The lists whose changes a server promises to tell, as its capabilities say. */
export function announcedLists(capabilities: JsonObject): readonly ListName[] {
  return (['tools', 'prompts', 'resources'] as const).filter((list) => {
    const capability = capabilities[list];
    return isJsonObject(capability) && capability['listChanged'] === true;
  });
}

/** The `SubscriptionFilter` for changes of these lists (MCP 2026-07-28, `subscriptions/listen`). */
export function listFilter(lists: readonly ListName[]): JsonObject {
  return Object.fromEntries(lists.map((list) => [`${list}ListChanged`, true]));
}

const CHANGES: ReadonlyMap<string, ListName> = new Map([
  ['notifications/tools/list_changed', 'tools'],
  ['notifications/prompts/list_changed', 'prompts'],
  ['notifications/resources/list_changed', 'resources'],
]);
