import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';

/** Of servers that were never reached it is not known what they can do; nothing they have must be missed for that. */
const SUPERSET: JsonObject = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  completions: {},
  logging: {},
};

/** What the gateway tells of itself: a policy may change any list, and who watches a resource is known here. */
const OWN: Readonly<Record<string, JsonObject>> = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { listChanged: true },
};

/** Capabilities that the gateway bridges, whoever of several servers has them; all others pass where there is one. */
const BRIDGED: ReadonlySet<string> = new Set([...Object.keys(SUPERSET), 'tasks', 'extensions']);

/**
 * What all servers together can do (`ServerCapabilities`); one entry for each server, undefined where that is not known.
 * What a server can do that the gateway does not know, such as `experimental`, is meant for its own clients: it is passed
 * on where there is no other server.
 */
export function mergeCapabilities(servers: readonly (JsonObject | undefined)[]): JsonObject {
  const known = servers.filter((has) => has !== undefined);
  const passed = servers.length === 1 ? known : known.map(onlyBridged);
  const all = known.length < servers.length ? [SUPERSET, ...passed] : passed;
  const merged = all.reduce<JsonObject>(union, {});
  return Object.fromEntries(
    Object.entries(merged).map(([name, has]) => [name, isJsonObject(has) ? union(has, OWN[name] ?? {}) : has]),
  );
}

function onlyBridged(has: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(has).filter(([name]) => BRIDGED.has(name)));
}

/** Both together, member by member; of two that are no objects, `true` or else the first. */
function union(left: JsonObject, right: JsonObject): JsonObject {
  const added = Object.entries(right).map(([name, value]): [string, Json] => {
    const before = Object.hasOwn(left, name) ? left[name] : undefined;
    if (before === undefined) return [name, value];
    if (isJsonObject(before) && isJsonObject(value)) return [name, union(before, value)];
    return [name, value === true ? true : before];
  });
  return { ...left, ...Object.fromEntries(added) };
}
