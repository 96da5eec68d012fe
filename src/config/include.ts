import { pathText, positionText, type Problem } from './problems.ts';
import type { Entry, ListNode, MapNode, TreeNode } from './tree.ts';

/** Maps whose entries are taken whole: an entry may not be put together from two files. */
const WHOLE_ENTRIES: ReadonlySet<string> = new Set(['mcpServers', 'agents']);
/** Lists that each file may add to. */
const ADDITIVE_LISTS: ReadonlySet<string> = new Set(['policies.org']);
/** Keys that every file may have; `include` has its own complaint. */
const HEADER_KEYS: ReadonlySet<string> = new Set(['version', '$schema', 'include']);

interface Merge {
  readonly root: TreeNode;
  readonly problems: readonly Problem[];
}

/** Adds the tree of an included file. What stands in both is a problem that names both places. */
export function mergeTrees(first: TreeNode, second: TreeNode): Merge {
  const problems: Problem[] = [];
  if (first.kind !== 'map' || second.kind !== 'map') {
    const message = 'an included file holds a map of settings, like the file that includes it';
    return { root: first, problems: [{ code: 'E_VALUE', path: '', message, place: second.place }] };
  }
  return { root: mergeMaps(first, second, { path: [], problems }), problems };
}

interface Level {
  readonly path: readonly string[];
  readonly problems: Problem[];
}

function mergeMaps(first: MapNode, second: MapNode, level: Level): MapNode {
  const entries = new Map(first.entries);
  for (const [name, entry] of second.entries) {
    const there = entries.get(name);
    const path = [...level.path, name];
    if (there === undefined) entries.set(name, entry);
    else entries.set(name, mergeEntries(there, entry, { ...level, path }));
  }
  return { ...first, entries };
}

function mergeEntries(there: Entry, added: Entry, level: Level): Entry {
  const text = pathText(level.path);
  if (HEADER_KEYS.has(text)) return there;
  const [left, right] = [there.node, added.node];
  const isWhole = level.path.length > 1 && WHOLE_ENTRIES.has(pathText(level.path.slice(0, -1)));
  if (left.kind === 'map' && right.kind === 'map' && !isWhole) return { ...there, node: mergeMaps(left, right, level) };
  if (left.kind === 'list' && right.kind === 'list' && ADDITIVE_LISTS.has(text))
    return { ...there, node: joined(left, right) };
  const message = `"${String(level.path.at(-1))}" stands in two files; the other is at ${positionText(there.key)}`;
  level.problems.push({ code: 'E_CONFLICT', path: text, message, help: 'remove one of them', place: added.key });
  return there;
}

function joined(left: ListNode, right: ListNode): ListNode {
  return { ...left, items: [...left.items, ...right.items] };
}
