import * as z from 'zod';
import type { Json } from '../core/json.ts';
import type { Store } from '../state/store.ts';

const Text = z.string();
const Count = z.number();

/** A change as the store remembers it. */
const KeptChange = z.object({
  id: Text,
  bundle: Text,
  source: Text,
  /** Absolute. */
  path: Text,
  layer: Text,
  isNew: z.boolean(),
  /** What the configuration named before; null where nothing. */
  before: Text.nullable(),
  digest: Text,
  state: z.enum(['candidate', 'tested', 'replayed', 'shadowed', 'enforced', 'rolled_back', 'dropped']),
  /** Milliseconds since the epoch; 0 where it was not put in shadow. */
  shadowedMs: Count,
  problem: Text,
  steps: z.array(z.object({ step: Text, time: Text, person: Text, reason: Text })),
  rules: z.array(z.object({ change: z.enum(['new', 'gone', 'other']), rule: Text, title: Text })),
  tests: z.object({ passed: Count, failed: Count, problems: z.array(Text) }).optional(),
  replay: z
    .object({
      replayed: Count,
      classes: z.record(Text, Count),
      groups: z.array(z.object({ class: Text, rules: z.array(Text), count: Count, example: Text })),
    })
    .optional(),
});
export type KeptChange = z.output<typeof KeptChange>;

const OWNER = 'dashboard/changes';
const NAME = 'changes';
/** Older ones that are at their end make room. */
const MOST = 100;

/** The changes of policy that people have begun, newest first. */
export async function readChanges({ catalog }: Pick<Store, 'catalog'>): Promise<readonly KeptChange[]> {
  return z.array(KeptChange).safeParse(await catalog.readFact(OWNER, NAME)).data ?? [];
}

/** Changes what is remembered, while no other process does. */
export function writeChange(store: Store, change: KeptChange): Promise<void> {
  return store.withLease(OWNER, async () => {
    const others = (await readChanges(store)).filter(({ id }) => id !== change.id);
    const next = [change, ...others].toSorted((left, right) => (left.id < right.id ? 1 : -1)).slice(0, MOST);
    await store.catalog.writeFact(OWNER, NAME, next as unknown as Json);
  });
}
