import * as z from 'zod';
import { APPROVAL_STATUSES } from '../core/approval.ts';
import { GatewayError } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';

/** Times are milliseconds since the epoch. */
export interface Span {
  readonly since: number;
  readonly until: number;
}

const Text = z.string().min(1).max(256);
const Pattern = Text.regex(/^[^*]*\*?$/, 'may have * at its end only');

const Time = z
  .string()
  .max(40)
  .regex(
    /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/,
    'is no time, such as 2026-11-01T08:00:00Z',
  )
  .transform((text, context) => {
    const ms = Date.parse(text);
    if (!Number.isNaN(ms) && ms >= 0) return ms;
    context.addIssue({ code: 'custom', message: 'is no time' });
    return z.NEVER;
  });

const Whole = z
  .string()
  .regex(/^\d{1,15}$/, 'is no number')
  .transform(Number);

const MOST_ROWS = 200;

const DecisionQuery = z.strictObject({
  since: Time.optional(),
  until: Time.optional(),
  effect: z.enum(['allow', 'deny', 'pending']).optional(),
  server: Text.optional(),
  tool: Pattern.optional(),
  reason: Pattern.optional(),
  agent: Text.optional(),
  user: Text.optional(),
  before: Whole.optional(),
  limit: Whole.pipe(z.int().min(1).max(MOST_ROWS)).default(50),
});
export type DecisionQuery = z.output<typeof DecisionQuery>;

const ExportQuery = DecisionQuery.omit({ before: true, limit: true }).extend({
  format: z.enum(['jsonl', 'csv', 'opa']),
});

/** Throws USAGE for what is not as it should be; so do all that follow. */
export function readDecisionQuery(parameters: URLSearchParams): DecisionQuery {
  return parse(DecisionQuery, onceEach(parameters));
}

export function readExportQuery(parameters: URLSearchParams): {
  readonly format: 'jsonl' | 'csv' | 'opa';
  readonly query: DecisionQuery;
} {
  const { format, ...query } = parse(ExportQuery, onceEach(parameters));
  return { format, query: { ...query, limit: MOST_ROWS } };
}

const DAY_MS = 86_400_000;

const OverviewQuery = z.strictObject({ since: Time.optional() });

export function readOverviewQuery(parameters: URLSearchParams, now: number): Span {
  const { since = now - DAY_MS } = parse(OverviewQuery, onceEach(parameters));
  if (since >= now) throw usage('since is not in the past');
  return { since, until: now };
}

const ReportQuery = z.strictObject({ from: Time.optional(), until: Time.optional() });

export function readReportQuery(parameters: URLSearchParams, now: number): Span {
  const { from, until = now } = parse(ReportQuery, onceEach(parameters));
  const since = from ?? until - 30 * DAY_MS;
  if (since >= until) throw usage('from is not before until');
  return { since, until };
}

const ApprovalQuery = z.strictObject({ status: z.enum(APPROVAL_STATUSES).optional() });

export function readApprovalQuery(parameters: URLSearchParams): z.output<typeof ApprovalQuery> {
  return parse(ApprovalQuery, onceEach(parameters));
}

const Reason = z.string().trim().max(1_000);

const Answer = z.strictObject({ reason: Reason.default('') });
const Again = z.strictObject({
  args: z.custom<Readonly<Record<string, never>>>(isJsonObject, 'is no object').optional(),
});
const ServerApproval = z.strictObject({
  tools: z.union([z.literal('all'), z.array(z.string().min(1).max(256)).min(1).max(10_000)]),
  reason: Reason.default(''),
});
const NewChange = z.strictObject({
  bundle: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'is not the id of a bundle'),
  source: z.string().min(1).max(2_048),
});
export type NewChange = z.output<typeof NewChange>;
const Login = z.strictObject({ token: z.string().min(1).max(512) });

export const CHANGE_STEPS = ['test', 'replay', 'shadow', 'enforce', 'rollback', 'drop'] as const;

export interface ChangeStepRequest {
  readonly id: string;
  readonly step: (typeof CHANGE_STEPS)[number];
  readonly reason: string;
}

export const BODIES = { Answer, Again, ServerApproval, NewChange, Login } as const;

/** A parameter that is given twice means nothing. */
function onceEach(parameters: URLSearchParams): Readonly<Record<string, string>> {
  const names = [...parameters.keys()];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw usage(`${shown(twice)} is given twice`);
  return Object.fromEntries([...parameters].filter(([, value]) => value !== ''));
}

export function parse<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? 'something is asked for that there is not' : `${shown(path.join('.'))} ${message}`,
  );
  throw usage(problems.join('; '));
}

/** What somebody has typed into an address, as far as it is a word. */
function shown(name: string): string {
  return /^[\w.-]{1,64}$/.test(name) ? name : 'a parameter';
}

function usage(message: string): GatewayError {
  return new GatewayError('USAGE', message, { mend: 'See docs/dashboard.md for what can be asked.' });
}
