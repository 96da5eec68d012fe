import * as z from 'zod';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { CAPABILITY_KINDS, REMEMBER } from '../core/opinion.ts';
import { FORBIDDEN_NAMES, isServerId, LABEL } from '../core/names.ts';
import { Amount } from './amount.ts';
import { REASON, RULE_ID } from './annotation.ts';
import { cleanText, cutText } from './author-text.ts';
import { KEY_FACTS } from './key-facts.ts';
import { parseTime } from './permit-terms.ts';

const DAY_S = 86_400;

const Id = z.string().regex(RULE_ID, 'is no rule id');

/** Longest text of a parameter, in characters. */
export const MAX_PARAM = 200;
export const PARAM_NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;

/** The value of a parameter comes from a call's arguments: a long one is cut, so that no caller can spoil the denial. */
const ParamValue = z.union([z.string().transform((text) => cutText(text, MAX_PARAM)), z.number()]);
const ParamName = z
  .string()
  .regex(PARAM_NAME, 'is no name of a parameter')
  .refine((name) => !FORBIDDEN_NAMES.has(name), 'is no name of a parameter');

/** Elements of the seven rule sets, as an author writes them; members that are not named here are ignored. */
export const VerdictElement = z.object({
  id: Id,
  reason: z.string().regex(REASON, 'is no code'),
  params: z.record(ParamName, ParamValue).default({}),
});

const LabelName = z.string().regex(LABEL, 'is no label');
const LabelSeconds = z
  .int()
  .min(1)
  .max(366 * DAY_S)
  .or(z.literal(0))
  .default(0);

export const LabelSetElement = z.object({ id: Id, label: LabelName, ttl_s: LabelSeconds });

export const CapabilityElement = z
  .object({ id: Id, kind: z.enum(CAPABILITY_KINDS), value: z.string().min(1).max(256) })
  .refine(({ kind, value }) => isCapabilityValue(kind, value), 'is no value of its kind');

const LIFTABLE_REASONS: ReadonlySet<string> = new Set([
  'gateway.unpolicied_server',
  'gateway.no_grant.server',
  'gateway.no_grant.resource',
]);
const FULL_RULE_NAME = /^[a-z0-9][a-z0-9-]{0,63}\/[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const Liftable = z
  .string()
  .refine(
    (name) => LIFTABLE_REASONS.has(name) || FULL_RULE_NAME.test(name),
    'names no full rule and no liftable reason',
  );
const Time = z.string().refine((text) => parseTime(text) !== null, 'is no RFC 3339 time with offset');
const PersonOrReason = z.string().max(1000);

export const PermitElement = z.object({
  id: Id,
  lifts: z.array(Liftable).min(1).max(100),
  requested_by: PersonOrReason,
  approved_by: PersonOrReason,
  justification: PersonOrReason,
  not_before: Time,
  expires_at: Time,
});

const common = { id: Id, advice: z.boolean().default(false) };
const Pointer = z
  .string()
  .max(500)
  .regex(/^(\/([^~/]|~[01])*)*$/, 'is no JSON pointer');
const KeyFact = z.string().refine((path) => KEY_FACTS.has(path), 'is no fact of the gateway’s own');
const known = {
  audit_required: z.object({ ...common, type: z.literal('audit_required') }),
  redact: z.object({
    ...common,
    type: z.literal('redact'),
    target: z.enum(['record', 'result']),
    pointers: z.array(Pointer).min(1).max(100),
  }),
  require_approval: z
    .object({
      ...common,
      type: z.literal('require_approval'),
      by: z
        .string()
        .regex(/^(user|group:[A-Za-z0-9][A-Za-z0-9_.@-]{0,63})$/, 'is neither user nor group:<name>')
        .default('user'),
      quorum: z.int().min(1).max(10).default(1),
      ttl_s: z
        .int()
        .min(1)
        .max(30 * DAY_S)
        .or(z.literal(0))
        .default(0),
      remember: z.enum(REMEMBER).default('never'),
    })
    .refine(({ by, quorum }) => by !== 'user' || quorum === 1, 'the user is one person: quorum is 1'),
  counter: z.object({ ...common, type: z.literal('counter'), name: z.string().max(128), cost: Amount.optional() }),
  rate_limit: z.object({
    ...common,
    type: z.literal('rate_limit'),
    key: z.array(KeyFact).min(1).max(8),
    limit: z.int().min(0).max(1e9),
    window_s: z
      .int()
      .min(1)
      .max(366 * DAY_S),
  }),
  deadline: z.object({
    ...common,
    type: z.literal('deadline'),
    ms: z
      .int()
      .min(1)
      .max(DAY_S * 1000),
  }),
  warn: z.object({ ...common, type: z.literal('warn'), text: z.string().transform((text) => cleanText(text)) }),
  label: z.object({ ...common, type: z.literal('label'), label: LabelName, ttl_s: LabelSeconds }),
} as const;

const UnknownObligation = z
  .looseObject({ ...common, type: z.string().regex(REASON, 'is no type of obligation') })
  .transform(({ id, advice, type, ...fields }) => ({
    id,
    advice,
    type: 'unknown' as const,
    name: type,
    fields: fields as JsonObject,
  }));

const KnownObligation = z.discriminatedUnion('type', [
  known.audit_required,
  known.redact,
  known.require_approval,
  known.counter,
  known.rate_limit,
  known.deadline,
  known.warn,
  known.label,
]);

type KnownObligation = z.output<typeof KnownObligation>;
type UnknownObligation = z.output<typeof UnknownObligation>;

/** An element of `obligations`; one of a type that this version does not know keeps its fields. */
export function parseObligation(element: unknown): z.ZodSafeParseResult<KnownObligation | UnknownObligation> {
  const type = isJsonObject(element) ? element['type'] : undefined;
  const isKnown = typeof type === 'string' && Object.hasOwn(known, type);
  return isKnown ? KnownObligation.safeParse(element) : UnknownObligation.safeParse(element);
}

/** Of server a server id, of tool `<server>/<tool>`; `*` stands for a whole part only. */
function isCapabilityValue(kind: (typeof CAPABILITY_KINDS)[number], value: string): boolean {
  if (kind === 'scope' || kind === 'data_class') return !/\s/.test(value);
  const slash = value.indexOf('/');
  if (kind === 'server') return isPart(value);
  const tool = value.slice(slash + 1);
  return slash > 0 && isPart(value.slice(0, slash)) && tool !== '' && (tool === '*' || !tool.includes('*'));
}

function isPart(server: string): boolean {
  return server === '*' || isServerId(server);
}
