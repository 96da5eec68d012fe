import { isJsonObject } from '../core/json.ts';

/** An input, or a part of one: JSON that nobody here looks into. */
export type Document = Readonly<Record<string, unknown>>;

/** What is kept of an object: of each member all of it, or again a part. */
type Kept = { readonly kind: 'all' } | { readonly kind: 'part'; readonly members: ReadonlyMap<string, Kept> };

/** Makes the function that leaves of an input what some rules read, given the paths that the toolchain found. */
export function projectionTo(paths: readonly string[]): (input: Document) => Document {
  const kept = paths.map((path) => path.split('.')).reduce(keep, NOTHING);
  return (input) => (kept.kind === 'all' ? input : partOf(input, kept.members));
}

/** Whether rules that read these paths can see what stands at the place. */
export function reads(paths: readonly string[], place: string): boolean {
  return paths.some((path) => path === '' || contains(path, place) || contains(place, path));
}

function contains(wider: string, path: string): boolean {
  return path === wider || path.startsWith(`${wider}.`);
}

const ALL: Kept = { kind: 'all' };
const NOTHING: Kept = { kind: 'part', members: new Map() };

function keep(kept: Kept, path: readonly string[]): Kept {
  const [name, ...rest] = path;
  if (kept.kind === 'all' || name === undefined || name === '') return ALL;
  const below = kept.members.get(name) ?? NOTHING;
  const members = new Map(kept.members).set(name, rest.length === 0 ? ALL : keep(below, rest));
  return { kind: 'part', members };
}

function partOf(object: Document, members: ReadonlyMap<string, Kept>): Document {
  const part: Record<string, unknown> = {};
  for (const [name, kept] of members) {
    const value = Object.hasOwn(object, name) ? object[name] : undefined;
    if (value === undefined) continue;
    part[name] = kept.kind === 'part' && isJsonObject(value) ? partOf(value, kept.members) : value;
  }
  return part;
}
