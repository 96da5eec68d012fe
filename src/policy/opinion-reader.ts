import { type ReadOpinion, readOpinion, type RuleResolution } from './opinion.ts';

const MOST_KEPT = 100;
/** Longer ones are rare, and not worth the memory. */
const LONGEST_KEPT = 10_000;

/** Reads what one bundle says. Most calls get one of a few answers, so the same text is read once. */
export class OpinionReader {
  readonly #resolution: RuleResolution;
  readonly #kept = new Map<string, ReadOpinion>();
  /** Read last: only a text that comes twice is kept, so that answers with a number in them do not fill the memory. */
  #last: { readonly text: string; readonly read: ReadOpinion } | undefined;

  constructor(resolution: RuleResolution) {
    this.#resolution = resolution;
  }

  /** `text`: the value of the bundle's entrypoint, as JSON. */
  read(text: string): ReadOpinion {
    const kept = this.#kept.get(text) ?? this.#again(text);
    if (kept !== undefined) return kept;
    const read = readOpinion(parse(text), this.#resolution);
    if (text.length <= LONGEST_KEPT) this.#last = { text, read };
    return read;
  }

  #again(text: string): ReadOpinion | undefined {
    if (this.#last?.text !== text) return undefined;
    if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
    this.#kept.set(text, this.#last.read);
    return this.#last.read;
  }
}

/** What is no JSON is no object either, and is refused as such. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
