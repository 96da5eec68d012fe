import { canonicalJson, sha256Hex } from '../core/canonical-json.ts';
import { pointerOf } from '../core/json-pointer.ts';
import type { Json } from '../core/json.ts';
import type { PolicyInput } from '../core/policy-input.ts';
import type { DecisionRecord } from '../core/record.ts';

/** A member of an input that a record has only as a hash, or not at all. */
export interface MaskedPlace {
  /** JSON pointer. */
  readonly pointer: string;
  /** As the toolchain names what rules read. */
  readonly place: string;
}

/** The input that policies were asked about; undefined where none was kept. */
export function inputOf({ action, input }: Pick<DecisionRecord, 'action' | 'input'>): PolicyInput | undefined {
  return action !== 'method' && isInput(input) ? input : undefined;
}

function isInput(input: DecisionRecord['input']): input is PolicyInput {
  return 'environment' in input && 'action' in input && 'agent' in input;
}

/** The input as it was before identity was asked: with nothing granted, and with the budgets that stand beside it on record. */
export function unanswered(input: PolicyInput, budgets: PolicyInput['budgets']): PolicyInput {
  return { ...input, identity: { capabilities: {} }, budgets };
}

/**
 * What of an input is masked. The hash over the whole says whether anything is; a record names only what mattered to the
 * rules of its own time. Where it cannot be told whether a member is masked or was empty, it counts as masked.
 */
export function maskedIn(
  record: Pick<DecisionRecord, 'server' | 'input_hash'>,
  input: PolicyInput,
): readonly MaskedPlace[] {
  if (sha256Hex(canonicalJson(input as unknown as Json)) === record.input_hash) return [];
  const { args, request, ref, resource, prompt, result } = input.action;
  const { claims } = input;
  const found = new Map<string, readonly string[]>();
  const mark = (path: readonly string[]): void => void found.set(pointerOf(path), path);
  const parts: Readonly<Record<string, unknown>> = { args, request, ref, resource, prompt, result };
  for (const [name, part] of Object.entries(parts)) findHashes(part, ['action', name], mark);
  findHashes(claims, ['claims'], mark);
  for (const path of emptied(record, input)) mark(path);
  return [...found].map(([pointer, path]) => ({ pointer, place: path.join('.') }));
}

/** What stands in a record for a value that is kept out of it. */
const HASH = /^hmac:[0-9a-f]{12}$/;

function findHashes(value: unknown, path: readonly string[], mark: (path: readonly string[]) => void): void {
  if (typeof value === 'string' && HASH.test(value)) return mark(path);
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    // A rule that iterates over the members reads their names.
    if (HASH.test(name)) mark(path);
    findHashes(member, [...path, name], mark);
  }
}

/** Members that may have been emptied because not even hashes of them are kept. */
function emptied(record: Pick<DecisionRecord, 'server'>, { action }: PolicyInput): readonly (readonly string[])[] {
  const { type, tool, args, request, result, hash } = action;
  const isOfTool = type === 'tool_call' || type === 'tool_result';
  const hadNone = isOfTool && hash === sha256Hex(`${record.server}\n${tool}\n{}`);
  const isQuestion = type === 'sampling' || type === 'elicitation' || type === 'roots';
  return [
    ...(isEmpty(args) && !hadNone ? [['action', 'args']] : []),
    ...(isEmpty(request) && isQuestion ? [['action', 'request']] : []),
    ...(type === 'tool_result' && isEmpty(result.structured) ? [['action', 'result', 'structured']] : []),
    ...(type === 'tool_result' && result.text === '' ? [['action', 'result', 'text']] : []),
  ];
}

function isEmpty(object: object): boolean {
  return Object.keys(object).length === 0;
}
