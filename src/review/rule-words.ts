import * as z from 'zod';
import type { Json } from '../core/json.ts';
import { RETRIES, type Rule } from '../policy/annotation.ts';
import type { RuleBook } from '../policy/rule-book.ts';
import type { RuleWords } from './record-words.ts';

/** Under which name the words of a bundle's rules are remembered, by the digest that the records carry. */
export function wordsFact(digest: string): string {
  return `words of ${digest}`;
}

/** What is remembered of a rule book, so that a decision can be said in words when its bundle is long gone. */
export function writeWords(rules: RuleBook): Json {
  return Object.fromEntries(
    [...rules].map(([id, { title, description, remediation, owner, reads, file, row, ...rule }]) => {
      const { remedy, alternatives, retry, appealPath, control } = rule;
      const told = { description, remedy, alternatives, retry, appealPath, control };
      return [id, { title, remediation, owner, reads, place: `${file}:${row}`, ...told }];
    }),
  );
}

const Words = z.record(
  z.string(),
  z.object({
    title: z.string(),
    remediation: z.string(),
    owner: z.string(),
    // Neither is remembered by every version.
    control: z.string().default(''),
    reads: z.array(z.string()).default([]),
    place: z.string(),
    description: z.string().default(''),
    remedy: z.string().default(''),
    alternatives: z.array(z.string()).default([]),
    retry: z.enum(RETRIES).default('never'),
    appealPath: z.string().default(''),
  }),
);

/** What a rule says of itself, to people and to agents. */
export type RememberedRule = RuleWords &
  Pick<Rule, 'description' | 'remedy' | 'alternatives' | 'retry' | 'appealPath' | 'control'>;

export function readWords(remembered: Json | undefined): ReadonlyMap<string, RememberedRule> {
  return new Map(Object.entries(Words.safeParse(remembered).data ?? {}));
}
