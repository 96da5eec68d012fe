/** Objects with more keys than this remember the hashes in a set, to be found without a walk. */
const SMALL_OBJECT = 16;
/** Two keys share a 30-bit hash by chance once in 10⁹ pairs; a message where it happens this often was made for it. */
const MAX_COLLISIONS = 16;

/**
 * The keys of the objects that are open while a message is read, as hashes with their places. A key is turned into text
 * only where its hash was there before, so that reading stays a matter of bytes.
 */
export class OpenKeys {
  private readonly textAt: (offset: number) => string;
  /** Filled up to `count`; never shortened, because that costs more than the reading. */
  private readonly hashes: number[] = [];
  private readonly offsets: number[] = [];
  private count = 0;
  /** Where the keys of the innermost object begin in the two lists, and their hashes once there are many. */
  private start = 0;
  private set: Set<number> | undefined = undefined;
  private readonly outerStarts: number[] = [];
  private readonly outerSets: (Set<number> | undefined)[] = [];
  private collisions = 0;

  /** `textAt` reads the key that begins at an offset. */
  constructor(textAt: (offset: number) => string) {
    this.textAt = textAt;
  }

  openObject(): void {
    this.outerStarts.push(this.start);
    this.outerSets.push(this.set);
    this.start = this.count;
    this.set = undefined;
  }

  closeObject(): void {
    this.count = this.start;
    this.start = this.outerStarts.pop() ?? 0;
    this.set = this.outerSets.pop();
  }

  /** Adds a key to the innermost object; false where that object has it already. */
  add(hash: number, offset: number): boolean {
    if (this.knows(hash) && this.isTaken(hash, offset)) return false;
    this.hashes[this.count] = hash;
    this.offsets[this.count] = offset;
    this.count += 1;
    this.set?.add(hash);
    return true;
  }

  private knows(hash: number): boolean {
    const { hashes, start, count } = this;
    if (count - start > SMALL_OBJECT) {
      this.set ??= new Set(hashes.slice(start, count));
      return this.set.has(hash);
    }
    for (let at = start; at < count; at += 1) if (hashes[at] === hash) return true;
    return false;
  }

  private isTaken(hash: number, offset: number): boolean {
    const text = this.textAt(offset);
    for (let at = this.start; at < this.count; at += 1) {
      if (this.hashes[at] === hash && this.textAt(this.offsets[at] ?? 0) === text) return true;
    }
    this.collisions += 1;
    return this.collisions > MAX_COLLISIONS;
  }
}
