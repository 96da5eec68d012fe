import { isDeepStrictEqual } from 'node:util';
import { GatewayError } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';
import { type Addition, type Edited, OtherShape } from './addition.ts';
import type { ClientPlace } from './find.ts';
import { withJsoncEntry, withoutJsoncEntry } from './edit-jsonc.ts';
import { withoutTomlEntry, withTomlEntry } from './edit-toml.ts';
import { withoutYamlEntry, withYamlEntry } from './edit-yaml.ts';
import { BYTE_ORDER_MARK, parseText } from './parse-text.ts';

/**
 * The text of a client's file with one entry more; every other byte stays. Throws CLIENT_FILE where that cannot be done, or
 * where anything else would be read differently afterwards.
 */
export function withEntry(text: string, place: ClientPlace, { name, entry }: Omit<Addition, 'at' | 'shape'>): Edited {
  const addition = { at: place.at, name, entry, shape: place.client.dialect.shape };
  const made: { number: number } = { number: 0 };
  const edited = behindMark(text, (plain) => {
    const done = insert(plain, place, addition);
    made.number = done.made;
    return done.text;
  });
  verify({ before: text, after: edited, place, name });
  if (entryIn(edited, place, name) === undefined) throw unchangeable(place, 'the entry would not be read again');
  return { text: edited, made: made.number };
}

/** The text without an entry, and without what was made around it; as it was where there is none. Throws CLIENT_FILE. */
export function withoutEntry(text: string, place: ClientPlace, { name, made }: { name: string; made: number }): string {
  const target = { at: place.at, name };
  const edited = behindMark(text, (plain) =>
    inShape(place, () => {
      const { syntax } = place.client;
      if (syntax === 'jsonc') return withoutJsoncEntry(plain, target, made);
      return syntax === 'toml' ? withoutTomlEntry(plain, target) : withoutYamlEntry(plain, target, made);
    }),
  );
  verify({ before: text, after: edited, place, name });
  if (entryIn(edited, place, name) !== undefined) throw unchangeable(place, 'the entry would still be read');
  return edited;
}

/** What a client's file cannot be helped with. */
function unchangeable({ client, path }: ClientPlace, why: string, cause?: unknown): GatewayError {
  return new GatewayError('CLIENT_FILE', `${path} cannot be changed here: ${why}. Nothing was written.`, {
    mend: `Change it by hand; \`mcp-gateway connect ${client.id} --print\` prints the entry.`,
    cause,
  });
}

function insert(text: string, place: ClientPlace, addition: Addition): Edited {
  return inShape(place, () => {
    const { syntax } = place.client;
    if (syntax === 'jsonc') return withJsoncEntry(text, addition);
    return syntax === 'toml' ? withTomlEntry(text, addition) : withYamlEntry(text, addition);
  });
}

function inShape<T>(place: ClientPlace, edit: () => T): T {
  try {
    return edit();
  } catch (thrown) {
    if (!(thrown instanceof OtherShape)) throw thrown;
    throw unchangeable(place, `${thrown.message || 'the whole'} has another shape than ${place.client.name} expects`);
  }
}

function behindMark(text: string, edit: (plain: string) => string): string {
  return text.startsWith(BYTE_ORDER_MARK) ? `${BYTE_ORDER_MARK}${edit(text.slice(1))}` : edit(text);
}

interface Change {
  readonly before: string;
  readonly after: string;
  readonly place: ClientPlace;
  readonly name: string;
}

/** Everything but the entry has to be read as it was. */
function verify({ before, after, place, name }: Change): void {
  const [was, is] = [before, after].map((text) => parseText(text, place.client.syntax));
  if (was?.kind !== 'value' || is?.kind !== 'value') throw unchangeable(place, 'it could not be read afterwards');
  const [old, current] = [was, is].map(({ value }) => less(value, place.at, name));
  if (!isDeepStrictEqual(old, current)) throw unchangeable(place, 'something else in it would change');
}

/** The entry as it is read, with its name where that is a member. */
export function entryIn(text: string, { client, at }: ClientPlace, name: string): unknown {
  const parsed = parseText(text, client.syntax);
  const servers = at.reduce<unknown>(
    (value, key) => (isJsonObject(value) ? value[key] : undefined),
    parsed.kind === 'value' ? parsed.value : undefined,
  );
  if (Array.isArray(servers)) return servers.find((one: unknown) => isNamed(one, name));
  return isJsonObject(servers) && Object.hasOwn(servers, name) ? servers[name] : undefined;
}

/** A value without an entry and without what is empty around it. */
function less(value: unknown, at: readonly string[], name: string): unknown {
  const [key, ...rest] = at;
  if (key === undefined && Array.isArray(value)) return filled(value.filter((one: unknown) => !isNamed(one, name)));
  if (!isJsonObject(value)) return value ?? undefined;
  const entries = Object.entries<unknown>(value).flatMap(([member, inner]): (readonly [string, unknown])[] => {
    if (member !== (key ?? name)) return [[member, inner]];
    const left = key === undefined ? undefined : less(inner, rest, name);
    return left === undefined ? [] : [[member, left]];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function filled(values: readonly unknown[]): unknown {
  return values.length === 0 ? undefined : values;
}

function isNamed(value: unknown, name: string): boolean {
  return isJsonObject(value) && value['name'] === name;
}
