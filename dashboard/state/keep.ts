/** What this browser kept under a name; empty where it kept nothing, or keeps nothing at all. */
export function kept(place: Storage, name: string): string {
  try {
    return place.getItem(`mcp-gateway/${name}`) ?? '';
  } catch {
    return '';
  }
}

/** Keeps a text under a name; an empty one is forgotten. A full or forbidden store loses it, and nothing else. */
export function keep(place: Storage, { name, value }: { name: string; value: string }): void {
  try {
    if (value === '') place.removeItem(`mcp-gateway/${name}`);
    else place.setItem(`mcp-gateway/${name}`, value);
  } catch {
    // Private windows of some browsers refuse; the page works without.
  }
}
