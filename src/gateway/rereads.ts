/** Reads anew what somebody wishes, one reading of a thing at a time: what is wished meanwhile is read once more afterwards. */
export class Rereads<Key> {
  readonly #read: (key: Key) => Promise<unknown>;
  readonly #running = new Set<Key>();
  readonly #again = new Set<Key>();

  /** `read` never rejects. */
  constructor(read: (key: Key) => Promise<unknown>) {
    this.#read = read;
  }

  wish(key: Key): void {
    if (this.#running.has(key)) {
      this.#again.add(key);
      return;
    }
    this.#running.add(key);
    void this.#read(key).finally(() => {
      this.#running.delete(key);
      if (this.#again.delete(key)) this.wish(key);
    });
  }
}
