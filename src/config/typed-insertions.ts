import type { Issue } from './schema-problems.ts';
import { nodeAt, type ScalarNode, type TreeNode } from './tree.ts';

/**
 * What `${…}` put in is text. Where the schema asked for a number or for true or false, and the text is one, the tree
 * gets it as that; so a token of digits stays text and `port: ${PORT}` works. The same tree where nothing changed.
 */
export function retype(root: TreeNode, issues: readonly Issue[]): TreeNode {
  return issues.filter(asksForAnotherType).reduce((tree, issue) => replaceAt(tree, issue.path, typed), root);
}

function asksForAnotherType(issue: Issue): boolean {
  return issue.code === 'invalid_type' && ['number', 'int', 'boolean'].includes(issue.expected);
}

function typed(node: ScalarNode): ScalarNode {
  if (node.insertions.length === 0 || typeof node.value !== 'string') return node;
  if (node.value === 'true' || node.value === 'false') return { ...node, value: node.value === 'true' };
  return /^-?\d+(\.\d+)?$/.test(node.value) ? { ...node, value: Number(node.value) } : node;
}

function replaceAt(node: TreeNode, path: readonly PropertyKey[], replace: (node: ScalarNode) => ScalarNode): TreeNode {
  const [step, ...rest] = path;
  if (node.kind === 'scalar') return path.length === 0 ? replace(node) : node;
  const child = step === undefined ? undefined : nodeAt(node, [step]);
  if (child === undefined) return node;
  const next = replaceAt(child, rest, replace);
  if (next === child) return node;
  if (node.kind === 'list') return { ...node, items: node.items.with(Number(step), next) };
  const name = String(step);
  const key = node.entries.get(name)?.key ?? node.place;
  return { ...node, entries: new Map(node.entries).set(name, { key, node: next }) };
}
