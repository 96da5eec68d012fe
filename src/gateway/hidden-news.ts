import type { Logger } from '../core/logger.ts';
import type { ServerId } from '../core/names.ts';
import { cutText, revealText } from '../policy/author-text.ts';

/** What a server offers and nobody is shown. */
export interface Hidden {
  readonly server: ServerId;
  readonly name: string;
  /** A sentence for the operator. */
  readonly why: string;
}

/** A server may list ten thousand bad names, and others at every look. */
const MOST_TOLD = 20;
/** A name may be as long as a message. */
const LONGEST_NAME = 100;
const LONGEST_SHOWN = 1_000;

/** Tells whoever runs the gateway what is not shown and why, each once as long as it stays so. */
export class HiddenNews {
  readonly #logger: Logger;
  readonly #told = new Map<string, ReadonlySet<string>>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** All that is hidden of one kind now; a later call for the kind takes the place of this one. */
  tell(kind: 'tool' | 'prompt' | 'resource', hidden: readonly Hidden[]): void {
    const before = this.#told.get(kind);
    const standing = new Set<string>();
    const shown = hidden.map(({ name, ...rest }) => ({
      ...rest,
      name: revealText(cutText(name, LONGEST_NAME), LONGEST_SHOWN),
    }));
    const news = shown.filter(({ server, name, why }) => {
      const key = JSON.stringify([server, name, why]);
      standing.add(key);
      return before?.has(key) !== true;
    });
    this.#told.set(kind, standing);
    for (const { server, name, why } of news.slice(0, MOST_TOLD)) {
      this.#logger.warn(`a ${kind} is not shown`, { server, name, why });
    }
    const left = news.length - MOST_TOLD;
    if (left > 0) this.#logger.warn(`more ${kind}s are not shown`, { count: left });
  }
}
