import type { JsonObject } from '../core/json.ts';

/** Of JSON in English; tokenizers differ by a fifth or so. */
const BYTES_A_TOKEN = 4;

/** How many tokens of a model's context one tool takes, as clients show it: name, description and schema. An estimate. */
export function tokensOf({ name, description, inputSchema }: JsonObject): number {
  const shown = { name: name ?? '', description: description ?? '', input_schema: inputSchema ?? {} };
  return Math.ceil(Buffer.byteLength(JSON.stringify(shown)) / BYTES_A_TOKEN);
}
