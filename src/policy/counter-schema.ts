import * as z from 'zod';
import { Amount } from './amount.ts';
import { BuiltinFailure } from './builtin.ts';
import { WEEKDAYS } from './civil-time.ts';
import { KEY_FACTS } from './key-facts.ts';
import { timeZone } from './time-zone.ts';

const DAY_S = 86_400;

const Name = z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'a name matches ^[a-z][a-z0-9_]{0,63}$');

const KeyFact = z
  .string()
  .refine((path) => KEY_FACTS.has(path), `a key is one of ${[...KEY_FACTS].join(', ')}: the gateway’s own facts`);

const DAYS = WEEKDAYS.map((day) => day.toLowerCase());
const Weekday = z
  .string()
  .transform((day) => DAYS.find((one) => one === day || one.slice(0, 3) === day) ?? '')
  .refine((day) => day !== '', `a week starts on one of ${DAYS.join(', ')}`);

const Zone = z.string().refine(isZone, 'is no time zone of the IANA database');

const Seconds = z
  .int()
  .min(1)
  .max(366 * DAY_S);

const Window = z.discriminatedUnion(
  'kind',
  [
    z
      .strictObject({
        kind: z.literal('calendar'),
        unit: z.enum(['hour', 'day', 'week', 'month', 'year']),
        tz: Zone.default('UTC'),
        start: Weekday.optional(),
      })
      .refine(({ unit, start }) => unit === 'week' || start === undefined, {
        path: ['start'],
        error: 'only a week has a day to start on',
      }),
    z.strictObject({ kind: z.literal('fixed'), seconds: Seconds }),
    z.strictObject({ kind: z.literal('sliding'), seconds: Seconds }),
    z.strictObject({ kind: z.literal('session') }),
    z.strictObject({ kind: z.literal('lifetime') }),
  ],
  'a window is of kind calendar, fixed, sliding, session or lifetime',
);
export type CounterWindow = z.output<typeof Window>;

const FromData = z.strictObject({
  from: z
    .string()
    .regex(
      /^data\.[a-z][a-z0-9_]*\.config(\.[A-Za-z_][A-Za-z0-9_]*)+$/,
      'a place in the data reads data.<root>.config.<name>',
    ),
});

const FROM_RESULT = /^result\.(bytes|tokens|_meta\.usage(\.[A-Za-z_][A-Za-z0-9_]*)+)$/;

/** A counter as an author declares it in the manifest. */
export const DeclaredCounter = z
  .strictObject({
    name: Name,
    /** Another one counts anew. */
    version: z.int().min(1).default(1),
    unit: z.string().min(1).max(32),
    key: z.array(KeyFact).max(8),
    window: Window,
    limit: z.union([Amount, FromData], 'a limit is a number from 0 on or {"from": "data.<root>.config.<name>"}'),
    reserve: z
      .union([Amount, z.literal('max'), FromData], 'what is reserved is a number, "max", or {"from": a table of costs}')
      .optional(),
    reserve_cap: Amount.optional(),
    settle: z
      .strictObject({
        from: z
          .string()
          .regex(FROM_RESULT, 'a cost is read from result._meta.usage.<name>, result.bytes or result.tokens'),
      })
      .optional(),
    /** Seconds for which the hold of a process that died stays as it is. */
    ttl_s: z
      .int()
      .min(0)
      .max(30 * DAY_S)
      .default(0),
    on_expire: z.enum(['settle', 'refund']).default('settle'),
    on_upstream_error: z.enum(['refund', 'keep']).default('keep'),
    on_unknown_cost: z.enum(['reserve', 'max']).default('reserve'),
    on_unavailable: z.literal('deny', 'what cannot be counted is denied').default('deny'),
    shared: z.boolean().default(false),
  })
  .refine(({ reserve, reserve_cap: cap }) => reserve !== 'max' || cap !== undefined, {
    path: ['reserve'],
    error: '"max" is the value of reserve_cap, which is missing',
  })
  .refine(({ on_unknown_cost: unknown, reserve_cap: cap }) => unknown !== 'max' || cap !== undefined, {
    path: ['on_unknown_cost'],
    error: '"max" is the value of reserve_cap, which is missing',
  });
export type DeclaredCounter = z.output<typeof DeclaredCounter>;

export const DeclaredCounters = z
  .array(DeclaredCounter)
  .max(32)
  .superRefine((counters, context) => {
    counters.forEach(({ name }, index) => {
      if (counters.findIndex((other) => other.name === name) === index) return;
      context.addIssue({ code: 'custom', path: [index, 'name'], message: `two counters are called ${name}` });
    });
  });

function isZone(name: string): boolean {
  if (name === '' || name === 'Local') return false;
  try {
    timeZone(name);
    return true;
  } catch (thrown) {
    if (thrown instanceof BuiltinFailure) return false;
    throw thrown;
  }
}
