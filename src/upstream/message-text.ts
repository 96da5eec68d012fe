import type { JsonObject } from '../core/json.ts';
import { writeJson } from '../core/lossless-json.ts';

/** Messages as they go to a server: a frame of text around parameters that are written without a loss. */
export function requestText(id: number, method: string, params: JsonObject): string {
  return `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${writeJson(params)}}`;
}

export function notificationText(method: string, params: JsonObject): string {
  return `{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":${writeJson(params)}}`;
}
