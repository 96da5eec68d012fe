import { isJsonObject, type Json, type JsonObject } from '../core/json.ts';
import { segmentsOf } from '../core/json-pointer.ts';
import { countKeys } from '../core/key-patterns.ts';
import { countCardNumbers } from './card-numbers.ts';
import { countIbans } from './ibans.ts';

/** What the gateway tells by itself; the name is that of the class. */
export type Detector = 'card_number' | 'email' | 'iban' | 'secret';

/** A class of data as an admin tells it. */
export type DataClass = { readonly class: string } & (
  | { readonly kind: 'pattern'; readonly pattern: RegExp }
  /** Of arguments; `*` is any one segment. */
  | { readonly kind: 'pointer'; readonly pointer: string }
  | { readonly kind: 'detector'; readonly detector: Detector }
);

/** Classes by pointers into arguments, as manifests declare them. */
export type DeclaredArguments = Readonly<Record<string, readonly string[]>>;

export interface Classifier {
  /** The classes that stand in a result, each with how often, by name: what is configured and what the gateway knows itself. */
  inResult(result: JsonObject): Readonly<Record<string, number>>;
  /** The classes of arguments, sorted: what is configured and what is declared of them, where they are there. */
  inArguments(args: JsonObject, declared: DeclaredArguments): readonly string[];
}

/**
 * Tells data by patterns, all of which take time in proportion to the text. Detectors have checks of their own, so a
 * number of the right length is not yet a card.
 */
export function createClassifier(configured: readonly DataClass[]): Classifier {
  const finders = configured.flatMap(finderOf);
  const everywhere = [...OWN, ...finders];
  const pointers = configured.flatMap((entry) => (entry.kind === 'pointer' ? [entry] : []));
  return {
    inResult: (result) => sortedCounts(count(readableIn(result), everywhere)),
    inArguments: (args, declared) => {
      const named = Object.entries(declared).flatMap(([pointer, classes]) =>
        classes.map((name) => ({ class: name, pointer })),
      );
      const places = [...pointers, ...named];
      if (finders.length + places.length === 0) return NONE;
      const there = places.filter(({ pointer }) => isThere(args, segmentsOf(pointer)));
      const found = finders.length === 0 ? [] : count(args, finders).keys();
      return [...new Set([...found, ...there.map((place) => place.class)])].toSorted();
    },
  };
}

const NONE: readonly string[] = [];

interface Finder {
  readonly class: string;
  readonly countIn: (text: string) => number;
}

const EMAIL =
  /(?<![A-Za-z0-9._%+-])[A-Za-z0-9_%+-][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9-])/g;

const DETECTORS: Readonly<Record<Detector, (text: string) => number>> = {
  card_number: countCardNumbers,
  email: (text) => (text.includes('@') ? countMatches(text, EMAIL) : 0),
  iban: countIbans,
  secret: countKeys,
};

const OWN: readonly Finder[] = (['card_number', 'email', 'iban', 'secret'] as const).map((name) => ({
  class: name,
  countIn: DETECTORS[name],
}));

function finderOf(entry: DataClass): readonly Finder[] {
  if (entry.kind === 'pointer') return [];
  if (entry.kind === 'detector') return [{ class: entry.class, countIn: DETECTORS[entry.detector] }];
  return [{ class: entry.class, countIn: (text) => countMatches(text, entry.pattern) }];
}

function countMatches(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

/** Everything that is text or number, names of members included. */
function count(value: Json, finders: readonly Finder[]): Map<string, number> {
  const counts = new Map<string, number>();
  const look = (text: string): void => {
    if (text.length < SHORTEST) return;
    for (const finder of finders) {
      const found = finder.countIn(text);
      if (found > 0) counts.set(finder.class, (counts.get(finder.class) ?? 0) + found);
    }
  };
  const walk = (part: Json): void => {
    if (typeof part === 'string') return look(part);
    if (typeof part === 'number') return look(String(part));
    if (typeof part !== 'object' || part === null) return;
    if (!isJsonObject(part)) return part.forEach(walk);
    for (const [name, member] of Object.entries(part)) {
      look(name);
      walk(member);
    }
  };
  walk(value);
  return counts;
}

/** No class of data fits into less. */
const SHORTEST = 3;

function sortedCounts(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  if (counts.size === 0) return {};
  return Object.fromEntries([...counts].toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

/** Less the bytes of images, sounds and files: base64 is no text. */
function readableIn(result: JsonObject): Json {
  const { content } = result;
  if (!Array.isArray(content)) return result;
  return { ...result, content: (content as readonly Json[]).map(readableBlock) };
}

function readableBlock(block: Json): Json {
  if (!isJsonObject(block)) return block;
  const { type, data: _data, resource, ...rest } = block;
  if (type === 'image' || type === 'audio') return rest;
  if (!isJsonObject(resource) || resource['blob'] === undefined) return block;
  const { blob: _blob, ...facts } = resource;
  return { ...rest, resource: facts };
}

function isThere(value: Json | undefined, [first, ...rest]: readonly string[]): boolean {
  if (first === undefined) return value !== undefined;
  if (typeof value !== 'object' || value === null) return false;
  if (first === '*') return Object.values(value).some((member: Json) => isThere(member, rest));
  return Object.hasOwn(value, first) && isThere((value as JsonObject)[first], rest);
}
