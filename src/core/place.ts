/**
 * A short name for one gateway among those that share a store: the first block of its instance's id (a UUID, new for every
 * start). It goes into ids that clients hand back, so that whichever gateway gets them knows who holds what they name.
 */
export function placeTag(instance: string): string {
  return instance.slice(0, 8);
}
