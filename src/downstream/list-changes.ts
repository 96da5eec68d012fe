import type { ListName } from '../core/protocol.ts';

/** Milliseconds in which changes are told as one: a server that comes up changes its lists many times. */
const DEBOUNCE_MS = 50;

/** The notification that tells of a changed list; templates have none of their own. */
const TOLD_BY: Readonly<Record<ListName, ToldList>> = {
  tools: 'tools',
  prompts: 'prompts',
  resources: 'resources',
  templates: 'resources',
};

export type ToldList = 'tools' | 'prompts' | 'resources';

/** Tells once of every burst of changes of a list. */
export class ListChanges {
  readonly #tell: (list: ToldList) => void;
  readonly #changed = new Set<ToldList>();
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(tell: (list: ToldList) => void) {
    this.#tell = tell;
  }

  note(list: ListName): void {
    this.#changed.add(TOLD_BY[list]);
    this.#timer ??= setTimeout(() => this.#flush(), DEBOUNCE_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#changed.clear();
  }

  #flush(): void {
    this.#timer = undefined;
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const list of changed) this.#tell(list);
  }
}
