import type { Json } from '../core/json.ts';

/** A configuration file as it was read. */
export interface SourceFile {
  /** Absolute. */
  readonly path: string;
  /** As messages show it. */
  readonly name: string;
  readonly text: string;
}

/** Offsets into the text of a file, in UTF-16 units. */
export interface Place {
  readonly file: SourceFile;
  readonly start: number;
  readonly end: number;
}

/** A value with the place it was written at, so that every later complaint can point there. */
export type TreeNode = MapNode | ListNode | ScalarNode;

export interface MapNode {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, Entry>;
  readonly place: Place;
}

export interface Entry {
  readonly key: Place;
  readonly node: TreeNode;
}

export interface ListNode {
  readonly kind: 'list';
  readonly items: readonly TreeNode[];
  readonly place: Place;
}

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  readonly place: Place;
  /** What was put in for `${…}`; empty where nothing was. */
  readonly insertions: readonly Insertion[];
  /** A substitution went wrong, so nothing more is to be said about the value. */
  readonly hasFailed: boolean;
}

export interface Insertion {
  readonly from: 'variable' | 'secret' | 'file' | 'default';
  /** Name of the variable or the secret, or path of the file. */
  readonly name: string;
  readonly value: string;
}

interface ScalarAt {
  readonly path: readonly string[];
  readonly node: ScalarNode;
}

export type TreePath = readonly PropertyKey[];

export function toJson(node: TreeNode): Json {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(toJson);
  return Object.fromEntries([...node.entries].map(([name, entry]) => [name, toJson(entry.node)]));
}

/** What a map or list holds, by key or by number. */
export function childrenOf(node: TreeNode): readonly (readonly [string, TreeNode])[] {
  if (node.kind === 'map') return [...node.entries].map(([name, entry]) => [name, entry.node]);
  return node.kind === 'list' ? node.items.map((item, index) => [String(index), item]) : [];
}

export function nodeAt(root: TreeNode, path: TreePath): TreeNode | undefined {
  let node: TreeNode | undefined = root;
  for (const step of path) {
    node = node === undefined ? undefined : childOf(node, step);
  }
  return node;
}

/** The place of the value at `path`, or of the nearest thing around it that was written down. */
export function placeOfValue(root: TreeNode, path: TreePath): Place {
  const node = nodeAt(root, path);
  if (node !== undefined)
    return path.length > 0 && node.place.start === node.place.end ? placeOfKey(root, path) : node.place;
  return path.length === 0 ? root.place : placeOfKey(root, path.slice(0, -1));
}

/** The place of the key that `path` ends with; in a list, of the item. */
export function placeOfKey(root: TreeNode, path: TreePath): Place {
  const parent = nodeAt(root, path.slice(0, -1));
  const entry = parent?.kind === 'map' ? parent.entries.get(String(path.at(-1))) : undefined;
  if (entry !== undefined) return entry.key;
  if (path.length > 0 && nodeAt(root, path) === undefined) return placeOfKey(root, path.slice(0, -1));
  const node = nodeAt(root, path) ?? root;
  return { ...node.place, end: Math.min(node.place.end, node.place.start + 1) };
}

export function scalarsUnder(node: TreeNode, path: readonly string[] = []): readonly ScalarAt[] {
  if (node.kind === 'scalar') return [{ path, node }];
  return childrenOf(node).flatMap(([name, child]) => scalarsUnder(child, [...path, name]));
}

function childOf(node: TreeNode, step: PropertyKey): TreeNode | undefined {
  if (node.kind === 'map') return node.entries.get(String(step))?.node;
  return node.kind === 'list' ? node.items[Number(step)] : undefined;
}
