import type { ServerId } from '../core/names.ts';
import type { ListName } from '../core/protocol.ts';

type Listener = (server: ServerId, list: ListName) => void;

const GATHER_MS = 100;

/** Changes of servers' lists on their way to who wants to know: a server may say so a thousand times in a second, and it is told on once. */
export class ListNews {
  readonly #gatherMs: number;
  readonly #listeners = new Set<Listener>();
  readonly #gathered = new Map<ServerId, Set<ListName>>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(gatherMs: number | undefined) {
    this.#gatherMs = gatherMs ?? GATHER_MS;
  }

  /** Returns the way to stop. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  add(server: ServerId, list: ListName): void {
    if (this.#isClosed) return;
    const lists = this.#gathered.get(server) ?? new Set<ListName>();
    this.#gathered.set(server, lists.add(list));
    this.#timer ??= setTimeout(() => this.#tell(), this.#gatherMs).unref();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  #tell(): void {
    this.#timer = undefined;
    const gathered = [...this.#gathered];
    this.#gathered.clear();
    for (const [server, lists] of gathered) {
      for (const list of lists) for (const listener of this.#listeners) listener(server, list);
    }
  }
}
