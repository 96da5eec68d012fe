import { dirname, resolve } from 'node:path';
import { mergeTrees } from './include.ts';
import type { Problem } from './problems.ts';
import { expandGlob, readSecretText, readSource } from './read-file.ts';
import { readYaml, type ReadTree } from './read-yaml.ts';
import { nodeAt, placeOfKey, type TreeNode } from './tree.ts';

export interface ReadOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingFolder: string;
  /** Gives the values of `${secret:NAME}`; see `SubstitutionSource`. */
  readonly readSecret?: ((name: string) => string | undefined) | undefined;
}

export interface Trees {
  /** The merged tree; absent where one of the files could not be read at all. */
  readonly root: TreeNode | undefined;
  readonly problems: readonly Problem[];
  /** Absolute paths of all files that were read. */
  readonly files: readonly string[];
}

/** Reads a file and what it includes, and merges them in the order of names. */
export function readTrees(path: string, options: ReadOptions): Trees {
  const main = readTree(path, options);
  if (main.root === undefined) return { root: undefined, problems: main.problems, files: [path] };
  const paths = includedBy(main.root, dirname(path));
  const included = paths.map((file) => readTree(file, options));
  const roots = included.flatMap(({ root }) => (root === undefined ? [] : [root]));
  const problems = [...main.problems, ...included.flatMap((read) => read.problems), ...roots.flatMap(nestedInclude)];
  const merged = mergeAll(main.root, roots);
  return {
    root: roots.length === included.length ? merged.root : undefined,
    problems: [...problems, ...merged.problems],
    files: [path, ...paths],
  };
}

function readTree(path: string, options: ReadOptions): ReadTree {
  const { file, problems } = readSource(path, options.workingFolder);
  if (problems.length > 0) return { root: undefined, problems };
  const { environment, readSecret } = options;
  return readYaml(file, { environment, folder: dirname(path), readText: readSecretText, readSecret });
}

function includedBy(root: TreeNode, folder: string): readonly string[] {
  const list = nodeAt(root, ['include']);
  if (list?.kind !== 'list') return [];
  return list.items.flatMap((item) =>
    item.kind === 'scalar' && typeof item.value === 'string' && !item.hasFailed
      ? expandGlob(resolve(folder, item.value))
      : [],
  );
}

function nestedInclude(root: TreeNode): readonly Problem[] {
  if (nodeAt(root, ['include']) === undefined) return [];
  const message = 'an included file cannot include further files';
  return [{ code: 'E_CONFLICT', path: 'include', message, place: placeOfKey(root, ['include']) }];
}

function mergeAll(
  main: TreeNode,
  others: readonly TreeNode[],
): { readonly root: TreeNode; readonly problems: readonly Problem[] } {
  let root = main;
  const problems: Problem[] = [];
  for (const other of others) {
    const merged = mergeTrees(root, other);
    root = merged.root;
    problems.push(...merged.problems);
  }
  return { root, problems };
}
