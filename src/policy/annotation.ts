import * as z from 'zod';
import type { JsonObject } from '../core/json.ts';
import type { Layer } from '../core/opinion.ts';
import { cleanText } from './author-text.ts';

/** A rule's id; with its bundle's id before it, it is the rule's full name. */
export const RULE_ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
/** A stable code; those with dots are the gateway's own. */
export const REASON = /^[a-z][a-z0-9_]{0,63}$/;

/** From the most hopeless to the least. */
export const RETRIES = ['never', 'after_approval', 'with_changes', 'after'] as const;
export type Retry = (typeof RETRIES)[number];

/** What a rule's annotation says of it; texts are capped and stripped. */
export interface Rule {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** What the agent can do instead, with `{name}` for parameters of the element; empty where nothing is said. */
  readonly remediation: string;
  /** Code of the remedy; empty stands for the element's reason. */
  readonly remedy: string;
  readonly alternatives: readonly string[];
  readonly retry: Retry;
  readonly appealPath: string;
  readonly owner: string;
  readonly control: string;
  /** Whether a permit may lift its denials: what the annotation says, else what the layer's default is. */
  readonly liftable: boolean;
  /** Paths of the input that the rules with this id can depend on, such as `action.args.amount`; see `RegoReads`. */
  readonly reads: readonly string[];
  readonly file: string;
  readonly row: number;
}

/** Row and column count from 1. */
export interface Place {
  readonly file: string;
  readonly row: number;
  readonly column: number;
}

/** One `# METADATA` block as the toolchain's `inspect` tells of it; `id` is empty where it has none. */
export interface Annotation extends Place {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly custom: JsonObject;
}

const LIFTABLE_BY_DEFAULT: Readonly<Record<Layer, boolean>> = {
  identity: false,
  server: true,
  resource: true,
  workflow: true,
  compliance: false,
  override: false,
};
/** Identity is the gate and an override's denial the brake: whatever their authors say, nothing lifts them. */
const NEVER_LIFTABLE: ReadonlySet<Layer> = new Set(['identity', 'override']);

const text = z.string().transform((value) => cleanText(value));

const Custom = z.object({
  id: z.string().regex(RULE_ID, `the id matches ${RULE_ID.source}`),
  remediation: text.default(''),
  remedy: z.string().regex(REASON, `the remedy is a code that matches ${REASON.source}`).default(''),
  alternatives: z
    .array(z.string().transform((value) => cleanText(value, 100)))
    .max(10)
    .default([]),
  retry: z.enum(RETRIES).default('never'),
  appeal_path: text.default(''),
  owner: text.default(''),
  liftable: z.boolean().optional(),
  control: text.default(''),
});

const KNOWN = new Set(Object.keys(Custom.shape));

export interface ReadAnnotation {
  readonly rule: Rule;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** One annotation as a rule. What is wrong with it is told, and its default holds instead. */
export function readAnnotation(layer: Layer, annotation: Annotation): ReadAnnotation {
  const { id } = annotation;
  const parsed = Custom.safeParse(annotation.custom);
  const custom = parsed.success ? parsed.data : Custom.parse({ id: 'invalid' });
  const problems = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${id}: ${pointerOf(issue.path)}${issue.message}`);
  if (custom.liftable === true && NEVER_LIFTABLE.has(layer))
    problems.push(`${id}: a denial of layer ${layer} cannot be liftable`);
  const title = cleanText(annotation.title);
  const rule: Rule = {
    id,
    title: title === '' ? id : title,
    description: cleanText(annotation.description),
    remediation: custom.remediation,
    remedy: custom.remedy,
    alternatives: custom.alternatives,
    retry: custom.retry,
    appealPath: custom.appeal_path,
    owner: custom.owner,
    control: custom.control,
    liftable: !NEVER_LIFTABLE.has(layer) && (custom.liftable ?? LIFTABLE_BY_DEFAULT[layer]),
    reads: [],
    file: annotation.file,
    row: annotation.row,
  };
  const unread = Object.keys(annotation.custom).filter((key) => !KNOWN.has(key));
  const warnings = unread.map((key) => `${id}: custom.${cleanText(key, 64)} is not read`);
  if (title === '') warnings.push(`${id} has no title`);
  return { rule, problems, warnings };
}

function pointerOf(path: readonly PropertyKey[]): string {
  return path.length === 0 ? '' : `custom.${path.map(String).join('.')}: `;
}
