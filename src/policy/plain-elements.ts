import type * as z from 'zod';
import { isJsonObject } from '../core/json.ts';
import { FORBIDDEN_NAMES } from '../core/names.ts';
import { REASON, RULE_ID } from './annotation.ts';
import { cleanText } from './author-text.ts';
import { MAX_PARAM, PARAM_NAME, type VerdictElement } from './opinion-elements.ts';

type Verdict = z.output<typeof VerdictElement>;
interface Warn {
  readonly id: string;
  readonly advice: boolean;
  readonly type: 'warn';
  readonly text: string;
}

/**
 * Elements as nearly all calls meet them, read without their schema, which takes several times as long. What is not
 * plainly good is undefined here: the schema then says what is wrong with it, or that it is good after all.
 */
export function plainVerdict(element: unknown): Verdict | undefined {
  if (!isJsonObject(element)) return undefined;
  const { id, reason, params = {} } = element;
  if (typeof id !== 'string' || !RULE_ID.test(id)) return undefined;
  if (typeof reason !== 'string' || !REASON.test(reason)) return undefined;
  return arePlainParams(params) ? { id, reason, params } : undefined;
}

export function plainWarn(element: unknown): Warn | undefined {
  if (!isJsonObject(element) || element['type'] !== 'warn') return undefined;
  const { id, advice = false, text } = element;
  if (typeof id !== 'string' || !RULE_ID.test(id)) return undefined;
  if (typeof advice !== 'boolean' || typeof text !== 'string') return undefined;
  return { id, advice, type: 'warn', text: cleanText(text) };
}

function arePlainParams(params: unknown): params is Verdict['params'] {
  return isJsonObject(params) && Object.keys(params).every((name) => isPlainName(name) && isPlainParam(params[name]));
}

function isPlainName(name: string): boolean {
  return PARAM_NAME.test(name) && !FORBIDDEN_NAMES.has(name);
}

function isPlainParam(value: unknown): boolean {
  return typeof value === 'string' ? value.length <= MAX_PARAM : Number.isFinite(value);
}
