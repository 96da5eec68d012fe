import { freeName, secretNameFor, type SecretPart, withReferences } from '../core/plain-secrets.ts';
import { blankComments } from './json-comments.ts';
import { readYaml } from './read-yaml.ts';
import { plainIn, type PlainPlace } from './secret-references.ts';
import type { SourceFile } from './tree.ts';

export interface MovedSecret {
  readonly name: string;
  readonly value: string;
  /** Such as `mcpServers.github.env.GITHUB_TOKEN`. */
  readonly path: string;
  readonly server: string;
}

export interface MovedSecrets {
  /** The file with references in the places of secrets; every other byte stays as it is. */
  readonly text: string;
  readonly moved: readonly MovedSecret[];
}

/** Puts a reference in the place of every secret that a file has in the open. A name that is taken has to have that value. */
export function movedSecrets(file: SourceFile, valueOf: (name: string) => string | undefined): MovedSecrets {
  const plain = /\.jsonc?$/i.test(file.path) ? { ...file, text: blankComments(file.text) } : file;
  // Nothing is put in, so that what is written out again is what stands there.
  const { root } = readYaml(plain);
  if (root === undefined) return { text: file.text, moved: [] };
  const known = new Map<string, string>();
  const nameFor = ({ server, value }: PlainPlace, { label, start, end }: SecretPart): MovedSecret['name'] => {
    const secret = value.slice(start, end);
    const isOther = (name: string): boolean => (known.get(name) ?? valueOf(name) ?? secret) !== secret;
    const name = freeName(secretNameFor(server, label), isOther);
    known.set(name, secret);
    return name;
  };
  const places = plainIn(root).filter((place) => isOneLine(file.text, place) && !place.value.includes('$'));
  const changes = places.map((place) => ({ place, names: place.parts.map((part) => nameFor(place, part)) }));
  const text = changes.toReversed().reduce((before, { place, names }) => {
    const written = JSON.stringify(withReferences(place.value, place.parts, names));
    return `${before.slice(0, place.start)}${written}${before.slice(place.end)}`;
  }, file.text);
  const moved = changes.flatMap(({ place: { value, parts, path, server }, names }) =>
    parts.map(({ start, end }, index) => ({ name: names[index] ?? '', value: value.slice(start, end), path, server })),
  );
  return { text, moved };
}

/** A text over several lines ends where its indentation does, and there is more behind it than its value. */
function isOneLine(text: string, { start, end }: PlainPlace): boolean {
  return !text.slice(start, end).includes('\n') && !/^[|>&!]/.test(text.slice(start, end));
}
