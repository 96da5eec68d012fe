import { sortMembers } from '../core/canonical-json.ts';
import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { toPolicyJson, writeJson } from '../core/lossless-json.ts';
import { LABEL, LABELS_META_KEY, OWN_META_PREFIX } from '../core/names.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import type { RpcAnswer } from '../core/rpc.ts';
import type { Classifier } from './data-classes.ts';

export type ResultFacts = PolicyInput['action']['result'];

/** Characters of text, and of the structured content's JSON, that policy gets to read. */
const MOST_TEXT = 65_536;
/** Labels that a server may claim for one result. */
const MOST_CLAIMS = 16;

/** What policy reads of an answer. An error of the protocol is a result whose text is its message and data. */
export function resultFacts(answer: RpcAnswer, labels: readonly string[], classifier: Classifier): ResultFacts {
  const result = answer.kind === 'result' ? answer.result : asResult(answer.error);
  const plain = toPolicyJson(result);
  const readable = isJsonObject(plain) ? plain : {};
  const blocks = blocksIn(readable);
  const text = blocks.flatMap(textsOf).join('\n');
  const { structuredContent } = readable;
  const structured = isJsonObject(structuredContent) ? structuredContent : {};
  const isStructuredWhole =
    (structuredContent === undefined || structured === structuredContent) && writeJson(structured).length <= MOST_TEXT;
  return {
    bytes: Buffer.byteLength(writeJson(result)),
    content_types: uniqueTexts(blocks.map(({ type }) => type)),
    data_classes: classifier.inResult(readable),
    is_cut: text.length > MOST_TEXT || !isStructuredWhole || !isContentKnown(readable),
    is_error: answer.kind === 'failure' || result['isError'] === true,
    labels: [...labels],
    mime_types: uniqueTexts(blocks.flatMap(mimeTypesOf)),
    structured: isStructuredWhole ? sortMembers(structured) : {},
    text: cut(text),
  };
}

/** The labels that a server says its result has; what is none is left out, and so is what goes beyond sixteen. */
export function claimedLabels(answer: RpcAnswer): readonly string[] {
  const meta = answer.kind === 'result' ? answer.result['_meta'] : undefined;
  const claimed = isJsonObject(meta) ? meta[LABELS_META_KEY] : undefined;
  if (!Array.isArray(claimed)) return [];
  const labels = (claimed as readonly Json[]).filter((label): label is string => {
    return typeof label === 'string' && LABEL.test(label);
  });
  return [...new Set(labels)].slice(0, MOST_CLAIMS);
}

/** The answer without what its server says under our own keys: its claims are the gateway's to keep. */
export function withoutOwnKeys(answer: RpcAnswer): RpcAnswer {
  if (answer.kind === 'failure') return answer;
  const result = withoutOwnMeta(answer.result);
  return result === answer.result ? answer : { ...answer, result };
}

/** The very same object where nothing is said under our own keys. */
export function withoutOwnMeta(said: JsonObject): JsonObject {
  const meta = said['_meta'];
  if (!isJsonObject(meta) || !Object.keys(meta).some(isOwnKey)) return said;
  const others = Object.entries(meta).filter(([key]) => !isOwnKey(key));
  return { ...said, _meta: Object.fromEntries(others) };
}

function isOwnKey(key: string): boolean {
  return key.startsWith(OWN_META_PREFIX);
}

function asResult({ message, data }: Extract<RpcAnswer, { kind: 'failure' }>['error']): JsonObject {
  const text = data === undefined ? message : `${message}\n${typeof data === 'string' ? data : writeJson(data)}`;
  return { content: [{ type: 'text', text }] };
}

function blocksIn({ content }: JsonObject): readonly JsonObject[] {
  return Array.isArray(content) ? (content as readonly Json[]).filter(isJsonObject) : [];
}

/** Whether all that stands where text would is text; what is in no known form is shown to no rule. */
function isContentKnown({ content = [] }: JsonObject): boolean {
  return Array.isArray(content) && (content as readonly Json[]).every(isBlockKnown);
}

function isBlockKnown(block: Json): boolean {
  if (!isJsonObject(block)) return false;
  const { text = '', resource } = block;
  const inResource = isJsonObject(resource) ? (resource['text'] ?? '') : '';
  return typeof text === 'string' && typeof inResource === 'string';
}

function textsOf({ text, resource }: JsonObject): readonly string[] {
  const inResource = isJsonObject(resource) ? resource['text'] : undefined;
  return [text, inResource].filter((part) => typeof part === 'string');
}

function mimeTypesOf({ mimeType, resource }: JsonObject): readonly (Json | undefined)[] {
  return [mimeType, isJsonObject(resource) ? resource['mimeType'] : undefined];
}

function uniqueTexts(values: readonly (Json | undefined)[]): string[] {
  return [...new Set(values.filter((value) => typeof value === 'string'))].toSorted();
}

/** Never in the middle of a pair of surrogates, which no policy could read. */
function cut(text: string): string {
  return text.length <= MOST_TEXT ? text : text.slice(0, MOST_TEXT).replace(/[\uD800-\uDBFF]$/, '');
}
