import type { Database } from './driver.ts';

/** Kinds of names that decisions are counted by. */
export type NameKind =
  | 'effect'
  | 'server'
  | 'tool'
  | 'agent'
  | 'user'
  | 'client'
  | 'reason'
  | 'rule'
  | 'lifted'
  | 'permit'
  | 'outcome'
  | 'agent_denied';

/** Times are milliseconds since the epoch. */
export interface SeenName {
  readonly kind: NameKind;
  /** A tool as `<server>/<tool>`, a rule as `<bundle>/<id>`. */
  readonly name: string;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Of the last decision that named it. */
  readonly lastSeq: number;
  readonly total: number;
}

/** Names of some kinds that were seen since then, the most frequent first. */
export function seenNames(
  index: Database,
  { kinds, since, most }: { readonly kinds: readonly NameKind[]; readonly since: number; readonly most: number },
): readonly SeenName[] {
  const select = 'select * from names where kind = ? and last >= ? order by total desc, id limit ?';
  return kinds.flatMap((kind) =>
    index
      .prepare(select)
      .all(kind, since, most)
      .map((row) => ({
        kind,
        name: String(row['name']),
        firstMs: Number(row['first']),
        lastMs: Number(row['last']),
        lastSeq: Number(row['last_seq']),
        total: Number(row['total']),
      })),
  );
}
