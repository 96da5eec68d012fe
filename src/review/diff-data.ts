import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';

/** One value that is not as it was; absent where it was not there or is not any more. */
export interface DataDiff {
  /** JSON pointer below `data.<root>`, such as `/config/limit`. */
  readonly pointer: string;
  readonly before?: Json;
  readonly after?: Json;
}

/** What is different in two documents, by the smallest values that are; a list is one value. */
export function diffData(before: JsonObject, after: JsonObject): readonly DataDiff[] {
  return below('', before, after);
}

function below(pointer: string, before: JsonObject, after: JsonObject): readonly DataDiff[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  return names.flatMap((name) => {
    const at = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const [left, right] = [own(before, name), own(after, name)];
    if (left !== undefined && right !== undefined && isJsonObject(left) && isJsonObject(right))
      return below(at, left, right);
    if (isDeepStrictEqual(left, right)) return [];
    return [{ pointer: at, ...(left !== undefined && { before: left }), ...(right !== undefined && { after: right }) }];
  });
}

function own(value: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}
