import type { Clock } from '../core/clock.ts';
import type { ServerId } from '../core/names.ts';
import type { ListName } from '../core/protocol.ts';

type Listener = (server: ServerId, list: ListName) => void;

const GATHER_MS = 100;
/** So many times longer is gathered what a server says again and again. */
const MOST_PATIENCE = 50;

/** What one server has said since it was last told on. */
interface Gathered {
  readonly lists: Set<ListName>;
  timer: NodeJS.Timeout | undefined;
  delayMs: number;
  toldAtMs: number;
}

/**
 * Changes of servers' lists on their way to who wants to know. A server may say so a thousand times in a second, and it is
 * told on once; where it goes on, ever more rarely, because each time its whole list is read. Pins do not wait for this.
 */
export class ListNews {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #gatherMs: number;
  readonly #listeners = new Set<Listener>();
  readonly #gathered = new Map<ServerId, Gathered>();
  #isClosed = false;

  constructor(clock: Pick<Clock, 'monotonic'>, gatherMs: number | undefined) {
    this.#clock = clock;
    this.#gatherMs = gatherMs ?? GATHER_MS;
  }

  /** Returns the way to stop. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  add(server: ServerId, list: ListName): void {
    if (this.#isClosed) return;
    const news = this.#newsOf(server);
    news.lists.add(list);
    if (news.timer !== undefined) return;
    const isQuiet = this.#clock.monotonic() - news.toldAtMs > 10 * this.#gatherMs;
    news.delayMs = isQuiet ? this.#gatherMs : Math.min(2 * news.delayMs, MOST_PATIENCE * this.#gatherMs);
    news.timer = setTimeout(() => this.#tell(server, news), news.delayMs).unref();
  }

  close(): void {
    this.#isClosed = true;
    for (const { timer } of this.#gathered.values()) clearTimeout(timer);
    this.#listeners.clear();
  }

  #newsOf(server: ServerId): Gathered {
    const known = this.#gathered.get(server);
    if (known !== undefined) return known;
    const news = { lists: new Set<ListName>(), timer: undefined, delayMs: 0, toldAtMs: Number.NEGATIVE_INFINITY };
    this.#gathered.set(server, news);
    return news;
  }

  #tell(server: ServerId, news: Gathered): void {
    const lists = [...news.lists];
    news.lists.clear();
    news.timer = undefined;
    news.toldAtMs = this.#clock.monotonic();
    for (const list of lists) for (const listener of this.#listeners) listener(server, list);
  }
}
