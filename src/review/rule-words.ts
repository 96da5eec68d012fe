import * as z from 'zod';
import type { Json } from '../core/json.ts';
import type { RuleBook } from '../policy/rule-book.ts';
import type { RuleWords } from './record-words.ts';

/** Under which name the words of a bundle's rules are remembered, by the digest that the records carry. */
export function wordsFact(digest: string): string {
  return `words of ${digest}`;
}

/** What is remembered of a rule book, so that a decision can be said in words when its bundle is long gone. */
export function writeWords(rules: RuleBook): Json {
  return Object.fromEntries(
    [...rules].map(([id, { title, remediation, owner, control, reads, file, row }]) => [
      id,
      { title, remediation, owner, control, reads, place: `${file}:${row}` },
    ]),
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
  }),
);

export function readWords(remembered: Json | undefined): ReadonlyMap<string, RuleWords> {
  return new Map(Object.entries(Words.safeParse(remembered).data ?? {}));
}
