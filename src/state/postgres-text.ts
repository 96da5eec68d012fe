/** A statement as PostgreSQL's protocol wants it. */
export interface Prepared {
  /** The same text, with `$1`, `$2` and so on where `?` stood. */
  readonly text: string;
  /** Under which a connection keeps it parsed; undefined for a text that has come once only, or where too many have. */
  readonly name: string | undefined;
}

/** Each is kept by every connection of the pool, on both sides. */
const MOST_PREPARED = 400;
/** Texts with lists of places are many; what is beyond is turned anew each time. */
const MOST_KNOWN = 2_000;

/** Turns texts with `?` into PostgreSQL's, each once, and names those that come again. */
export class PreparedTexts {
  readonly #known = new Map<string, Prepared>();
  #named = 0;

  of(text: string): Prepared {
    const known = this.#known.get(text);
    if (known === undefined) {
      const prepared = { text: numbered(text), name: undefined };
      if (this.#known.size < MOST_KNOWN) this.#known.set(text, prepared);
      return prepared;
    }
    if (known.name !== undefined || this.#named >= MOST_PREPARED) return known;
    this.#named += 1;
    const named = { ...known, name: `mcpg_${this.#named}` };
    this.#known.set(text, named);
    return named;
  }
}

/** What is quoted, or a comment, is left as it is. */
const PARTS = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\?/g;

function numbered(text: string): string {
  let places = 0;
  return text.replace(PARTS, (part) => {
    if (part !== '?') return part;
    places += 1;
    return `$${places}`;
  });
}
