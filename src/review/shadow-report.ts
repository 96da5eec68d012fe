import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import type { Decision } from '../core/decision.ts';
import type { SealedRecord } from '../core/record.ts';
import { judgeAlone, type Shadowed, shadowedIn } from '../policy/combine-record.ts';

/** How a decision would have been different. */
export const SHADOW_CLASSES = [
  'allow_to_deny',
  'deny_to_allow',
  'to_pending',
  'from_pending',
  'obligations_only',
  'reasons_only',
  'new_error',
  'shown_to_hidden',
] as const;
export type ShadowClass = (typeof SHADOW_CLASSES)[number];

/** What one shadowed bundle or rule would have changed, had it alone been enforced. */
export interface ShadowLine extends Shadowed {
  /** Decisions in which it had something to say. */
  readonly decisions: number;
  /** Those that would have been different. */
  readonly changed: number;
  readonly classes: Partial<Readonly<Record<ShadowClass, ShadowCount>>>;
}

export interface ShadowCount {
  readonly count: number;
  readonly example: ShadowExample;
}

/** The newest decision that would have been different. */
export interface ShadowExample {
  readonly id: string;
  readonly time: string;
  readonly server: string;
  readonly tool: string;
  readonly agent: string;
  /** What was decided and what would have been: the effect and its reasons. */
  readonly was: string;
  readonly would: string;
}

/** Counts records, oldest first, one after the other, and keeps none of them. */
export class ShadowReport {
  readonly #lines = new Map<string, Counting>();

  /** `known`: what the configuration has in shadow, listed though nothing has met it. */
  constructor(known: readonly Shadowed[]) {
    for (const one of known) this.#lineOf(one);
  }

  add(record: SealedRecord): void {
    if (record.action.endsWith('_list')) return this.#addListing(record);
    for (const shadowed of shadowedIn(record)) {
      const line = this.#lineOf(shadowed);
      line.decisions += 1;
      const { live, alone } = judgeAlone(record, shadowed);
      const kind = classOf(live, alone);
      if (kind !== undefined) count(line, kind, exampleOf(record, textOf(live), textOf(alone)));
    }
  }

  /** In the order of bundles and rules. */
  get lines(): readonly ShadowLine[] {
    const lines = [...this.#lines.values()].map(({ classes, ...line }) => ({
      ...line,
      classes: Object.fromEntries(classes),
    }));
    return lines.toSorted((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1));
  }

  #addListing(record: SealedRecord): void {
    for (const { name, rules } of hiddenIn(record)) {
      for (const rule of rules) {
        const slash = rule.indexOf('/');
        const exact = { bundle: rule.slice(0, slash), rule: rule.slice(slash + 1) };
        // Where the bundle as a whole is in shadow, it is what would have hidden it.
        const line = this.#lines.get(exact.bundle) ?? this.#lineOf(exact);
        line.decisions += 1;
        count(line, 'shown_to_hidden', { ...exampleOf(record, 'shown', `hidden, because of ${rule}`), tool: name });
      }
    }
  }

  #lineOf(shadowed: Shadowed): Counting {
    const name = nameOf(shadowed);
    const known = this.#lines.get(name);
    if (known !== undefined) return known;
    const line: Counting = { ...shadowed, decisions: 0, changed: 0, classes: new Map() };
    this.#lines.set(name, line);
    return line;
  }
}

interface Counting extends Shadowed {
  decisions: number;
  changed: number;
  readonly classes: Map<ShadowClass, ShadowCount>;
}

/** `limits`, or `limits/L-1`. */
export function nameOf({ bundle, rule }: Shadowed): string {
  return rule === '' ? bundle : `${bundle}/${rule}`;
}

function count(line: Counting, kind: ShadowClass, example: ShadowExample): void {
  line.changed += 1;
  line.classes.set(kind, { count: (line.classes.get(kind)?.count ?? 0) + 1, example });
}

function classOf(live: Decision, alone: Decision): ShadowClass | undefined {
  const errors = alone.reasons.filter((reason) => ERROR.test(reason) && !live.reasons.includes(reason));
  if (errors.length > 0) return 'new_error';
  if (live.effect !== alone.effect) {
    if (alone.effect === 'pending') return 'to_pending';
    if (live.effect === 'pending') return 'from_pending';
    return alone.effect === 'deny' ? 'allow_to_deny' : 'deny_to_allow';
  }
  if (!isDeepStrictEqual(live.reasons, alone.reasons)) return 'reasons_only';
  const isSame =
    isDeepStrictEqual(live.obligations, alone.obligations) && isDeepStrictEqual(live.warnings, alone.warnings);
  return isSame ? undefined : 'obligations_only';
}

const ERROR = /^gateway\.(error|timeout|undefined|malformed|missing)\./;

function textOf({ effect, reasons }: Decision): string {
  return reasons.length === 0 ? effect : `${effect}, because of ${reasons.join(', ')}`;
}

function exampleOf({ id, time, server, tool, principal }: SealedRecord, was: string, would: string): ShadowExample {
  return { id, time, server, tool, agent: principal.agent.id, was, would };
}

const Listed = z.object({
  shadowed: z.array(
    z.object({
      tool: z.string().optional(),
      prompt: z.string().optional(),
      resource: z.string().optional(),
      rules: z.array(z.string()),
    }),
  ),
});

function hiddenIn({ input }: SealedRecord): readonly { readonly name: string; readonly rules: readonly string[] }[] {
  const listed = Listed.safeParse(input).data?.shadowed ?? [];
  return listed.map(({ tool = '', prompt = tool, resource = prompt, rules }) => ({ name: resource, rules }));
}
