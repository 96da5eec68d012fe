import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';

/** Key in `_meta` of all that belongs to a task (MCP 2025-11-25, basic/utilities/tasks). */
const RELATED_TASK = 'io.modelcontextprotocol/related-task';

/** The state of the task that an answer says was made instead of the answer; undefined where none was. */
export function taskMadeBy(result: JsonObject, { task: asked }: JsonObject): JsonObject | undefined {
  const { task, resultType } = result;
  if (resultType === 'task') return hasId(result) ? result : undefined;
  return asked !== undefined && isJsonObject(task) && hasId(task) ? task : undefined;
}

export function taskIdIn({ taskId }: JsonObject): string | undefined {
  return typeof taskId === 'string' ? taskId : undefined;
}

/** Of something that belongs to a task the task's id, from its `_meta`. */
export function relatedTaskIn({ _meta: meta }: JsonObject): string | undefined {
  const related = isJsonObject(meta) ? meta[RELATED_TASK] : undefined;
  return isJsonObject(related) ? taskIdIn(related) : undefined;
}

/** The same as something that belongs to a task. */
export function withRelatedTask(object: JsonObject, taskId: string): JsonObject {
  const { _meta: meta } = object;
  return { ...object, _meta: { ...(isJsonObject(meta) ? meta : {}), [RELATED_TASK]: { taskId } } };
}

/** The same with the task's other id wherever the protocol has one. */
export function withTaskId(object: JsonObject, taskId: string): JsonObject {
  const { task, _meta: meta } = object;
  const related = relatedTaskIn(object);
  return {
    ...object,
    ...(hasId(object) ? { taskId } : {}),
    ...(isJsonObject(task) && hasId(task) ? { task: { ...task, taskId } } : {}),
    ...(related !== undefined && isJsonObject(meta) ? { _meta: { ...meta, [RELATED_TASK]: { taskId } } } : {}),
  };
}

/** Milliseconds that a task is kept by its server; undefined where it does not say, or without end. */
export function lifeOf({ ttl, ttlMs }: JsonObject): number | undefined {
  const life: Json | undefined = ttlMs ?? ttl;
  return typeof life === 'number' ? life : undefined;
}

function hasId(object: JsonObject): boolean {
  return taskIdIn(object) !== undefined;
}
