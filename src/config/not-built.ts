import type { Json } from '../core/json.ts';
import { pathText, type Problem } from './problems.ts';
import { childrenOf, placeOfKey, toJson, type TreeNode } from './tree.ts';

interface NotBuilt {
  /** `*` is any one key or item. */
  readonly path: string;
  /** What is asked for; ends the sentence “… is not in this version”. */
  readonly what: string;
  readonly help: string;
  /** Only beside another setting with such a value. */
  readonly beside?: { readonly path: string; readonly value: Json; readonly words: string };
}

/** What the format has and this version does not. Refused by name: nothing is accepted and then ignored. */
const NOT_BUILT: readonly NotBuilt[] = [];

/** A problem for everything in the file that this version does not have. */
export function notBuiltProblems(root: TreeNode): readonly Problem[] {
  return NOT_BUILT.filter(({ beside }) => isBeside(root, beside)).flatMap((entry) =>
    matches(root, entry.path.split('.')).map(({ path }) => ({
      code: 'E_NOT_BUILT',
      path: pathText(path),
      message: `${entry.what} is not in this version`,
      help: entry.help,
      place: placeOfKey(root, path),
    })),
  );
}

function isBeside(root: TreeNode, beside: NotBuilt['beside']): boolean {
  if (beside === undefined) return true;
  return matches(root, beside.path.split('.')).some(({ node }) => toJson(node) === beside.value);
}

/** The description of a field, with what this version refuses of it. */
export function withNotBuilt(description: string, path: readonly string[]): string {
  const entry = NOT_BUILT.find(({ path: pattern }) => covers(pattern.split('.'), path));
  if (entry === undefined) return description;
  if (entry.beside === undefined) return `Not in this version. ${description}`.trim();
  return `${description} Not in this version beside ${entry.beside.words}.`;
}

function covers(pattern: readonly string[], path: readonly string[]): boolean {
  return path.length >= pattern.length && pattern.every((step, index) => step === path[index]);
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
