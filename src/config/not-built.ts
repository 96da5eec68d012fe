import type { Json } from '../core/json.ts';
import { pathText, type Problem } from './problems.ts';
import { childrenOf, placeOfKey, placeOfValue, toJson, type TreeNode } from './tree.ts';

interface Asking {
  readonly by: (value: Json) => boolean;
  /** The same in words. */
  readonly words: string;
}

interface NotBuilt {
  /** `*` is any one key or item. */
  readonly path: string;
  /** What is asked for; ends the sentence “… is not in this version”. */
  readonly what: string;
  readonly help: string;
  /** Which values ask for it. Default: any. */
  readonly asks?: Asking;
}

const POSTGRES: Asking = { by: (value) => value === 'postgres', words: '`postgres`' };

/** What the format has and this version does not. Refused by name: nothing is accepted and then ignored. */
const NOT_BUILT: readonly NotBuilt[] = [
  {
    path: 'decisions.store.driver',
    what: 'keeping decisions in PostgreSQL',
    help: 'use sqlite',
    asks: POSTGRES,
  },
];

/** A problem for everything in the file that this version does not have. */
export function notBuiltProblems(root: TreeNode): readonly Problem[] {
  return NOT_BUILT.flatMap((entry) =>
    matches(root, entry.path.split('.'))
      .filter(({ node }) => entry.asks === undefined || entry.asks.by(toJson(node)))
      .map(({ path }) => ({
        code: 'E_NOT_BUILT',
        path: pathText(path),
        message: `${entry.what} is not in this version`,
        help: entry.help,
        place: entry.asks === undefined ? placeOfKey(root, path) : placeOfValue(root, path),
      })),
  );
}

/** The description of a field, with what this version refuses of it. */
export function withNotBuilt(description: string, path: readonly string[]): string {
  const entry = NOT_BUILT.find(({ path: pattern, asks }) => covers(pattern.split('.'), path, asks));
  if (entry === undefined) return description;
  if (entry.asks === undefined) return `Not in this version. ${description}`.trim();
  return `${description} Not in this version: ${entry.asks.words}.`;
}

function covers(pattern: readonly string[], path: readonly string[], asks: Asking | undefined): boolean {
  const isLong = asks === undefined ? path.length >= pattern.length : path.length === pattern.length;
  return isLong && pattern.every((step, index) => step === path[index]);
}

interface Match {
  readonly path: readonly string[];
  readonly node: TreeNode;
}

function matches(root: TreeNode, pattern: readonly string[]): readonly Match[] {
  return pattern.reduce<readonly Match[]>(
    (found, step) => found.flatMap((match) => stepInto(match, step)),
    [{ path: [], node: root }],
  );
}

function stepInto({ path, node }: Match, step: string): readonly Match[] {
  return childrenOf(node)
    .filter(([name]) => step === '*' || step === name)
    .map(([name, child]) => ({ path: [...path, name], node: child }));
}
