import { crossProblems } from './cross-checks.ts';
import { configJsonSchema } from './json-schema.ts';
import { notBuiltProblems } from './not-built.ts';
import type { Problem } from './problems.ts';
import { ConfigFile } from './schema.ts';
import { flatten, schemaProblems } from './schema-problems.ts';
import { toJson, type TreeNode } from './tree.ts';
import { retype } from './typed-insertions.ts';

export type Checked =
  | {
      readonly kind: 'good';
      readonly config: ConfigFile;
      readonly root: TreeNode;
      readonly problems: readonly Problem[];
    }
  | { readonly kind: 'bad'; readonly problems: readonly Problem[] };

/** The tree as a configuration, or everything that keeps it from being one. A good one may come with warnings. */
export function check(tree: TreeNode): Checked {
  const first = ConfigFile.safeParse(toJson(tree));
  const root = first.success ? tree : retype(tree, flatten(first.error.issues));
  const parsed = root === tree ? first : ConfigFile.safeParse(toJson(root));
  const notBuilt = notBuiltProblems(root);
  if (parsed.success)
    return { kind: 'good', config: parsed.data, root, problems: [...notBuilt, ...crossProblems(parsed.data, root)] };
  const broken = schemaProblems(flatten(parsed.error.issues), root, configJsonSchema());
  return {
    kind: 'bad',
    problems: [
      ...notBuilt,
      ...broken.filter((problem) => !notBuilt.some((other) => isWithin(problem.path, other.path))),
    ],
  };
}

function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}.`);
}
