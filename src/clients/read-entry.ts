import { isJsonObject } from '../core/json.ts';
import type { ClientDescription, Dialect } from './description.ts';
import type { ClientServer, LocalServer, RefusedEntry, RemoteServer } from './entry.ts';
import type { Machine } from './machine.ts';
import { translated } from './variables.ts';

/** What one entry of a client's file is. */
export type ReadEntry =
  | { readonly kind: 'server'; readonly server: ClientServer; readonly isOff: boolean }
  | { readonly kind: 'refused'; readonly refused: RefusedEntry }
  /** A part of the client itself. */
  | { readonly kind: 'built-in' };

/** Why an entry is refused; thrown within this file alone. */
class Refusal extends Error {}

type Members = Readonly<Record<string, unknown>>;

/** Reads one entry as its client would. Throws nothing. */
export function readEntry(name: string, value: unknown, reading: Reading): ReadEntry {
  const isOff = isJsonObject(value) && (value['disabled'] === true || value['enabled'] === false);
  try {
    if (!isJsonObject(value)) throw new Refusal('is not an object');
    const { builtIn = [] } = reading.client.dialect;
    if (typeof value['type'] === 'string' && builtIn.includes(value['type'])) return { kind: 'built-in' };
    return { kind: 'server', server: serverOf(name, value, reading), isOff };
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    return { kind: 'refused', refused: { name, why: thrown.message, isOff } };
  }
}

export interface Reading {
  readonly client: ClientDescription;
  readonly machine: Machine;
}

function serverOf(name: string, entry: Members, reading: Reading): ClientServer {
  const { dialect } = reading.client;
  if (entry[dialect.command] !== undefined) return localOf(name, entry, reading);
  const urls = [...Object.entries(dialect.urls), ...Object.entries(FURTHER_URLS)];
  const found = urls.find(([key]) => entry[key] !== undefined);
  if (found === undefined) throw new Refusal(`has neither ${dialect.command} nor an address`);
  const [key, usual] = found;
  const url = textIn(entry, key, reading) ?? '';
  if (!URL.canParse(url.replaceAll(/\$\{[^}]*\}/g, 'x'))) throw new Refusal(`has a ${key} that is no address`);
  return {
    kind: 'remote',
    name,
    transport: transportOf(entry['type'], usual),
    url,
    headers: headersOf(entry, reading),
  };
}

/** Every client is read as it writes, and as the others do: people copy entries from one to the other. */
const FURTHER_URLS: Dialect['urls'] = { url: 'http', serverUrl: 'http', httpUrl: 'http' };

function transportOf(type: unknown, usual: 'http' | 'sse'): RemoteServer['transport'] {
  if (typeof type !== 'string') return usual;
  if (type === 'sse') return 'sse';
  return /^(?:streamable[-_]?)?http$/i.test(type) ? 'http' : usual;
}

function localOf(name: string, entry: Members, reading: Reading): LocalServer {
  const { dialect } = reading.client;
  const words = commandOf(entry, reading).map((word) => inText(word, reading));
  const [command, ...args] = words;
  if (command === undefined || command === '') throw new Refusal(`has an empty ${dialect.command}`);
  const cwd = textIn(entry, 'cwd', reading);
  return { kind: 'local', name, command, args, env: environmentOf(entry, reading), ...(cwd !== undefined && { cwd }) };
}

/** Zed once had an object with `path`, `args` and `env` there, and OpenCode has a list. */
function commandOf(entry: Members, { client: { dialect } }: Reading): readonly string[] {
  const written = entry[dialect.command];
  if (Array.isArray(written)) return wordsIn(written, dialect.command);
  if (isJsonObject(written)) {
    return [wordOf(written['path'], `${dialect.command}.path`), ...wordsIn(written['args'], `${dialect.command}.args`)];
  }
  return [wordOf(written, dialect.command), ...wordsIn(entry[dialect.args], dialect.args)];
}

function environmentOf(entry: Members, reading: Reading): Readonly<Record<string, string>> {
  const { dialect } = reading.client;
  const nested = entry[dialect.command];
  const written = entry[dialect.env] ?? (isJsonObject(nested) ? nested['env'] : undefined);
  const passed = dialect.passed;
  const names = passed === undefined ? [] : wordsIn(entry[passed.key], passed.key);
  const prefix = passed?.as === 'secret' ? 'secret:' : '';
  const references = names.map((name): readonly [string, string] => [name, `\${${prefix}${name}}`]);
  return { ...Object.fromEntries(references), ...textsIn(written, dialect.env, reading) };
}

function headersOf(entry: Members, reading: Reading): Readonly<Record<string, string>> {
  const path = reading.client.dialect.headers;
  const written = path.split('.').reduce<unknown>((at, key) => (isJsonObject(at) ? at[key] : undefined), entry);
  const bearer = entry['bearer_token_env_var'];
  const named = entry['env_http_headers'];
  return {
    ...(typeof bearer === 'string' && { Authorization: `Bearer \${${bearer}}` }),
    ...(isJsonObject(named) && mapValues(named, (name, key) => `\${${wordOf(name, `env_http_headers.${key}`)}}`)),
    ...textsIn(written, path, reading),
  };
}

function textsIn(written: unknown, key: string, reading: Reading): Readonly<Record<string, string>> {
  if (written === undefined || written === null) return {};
  if (!isJsonObject(written)) throw new Refusal(`has ${key} that is not an object`);
  return mapValues(written, (value, name) => inText(wordOf(value, `${key}.${name}`), reading));
}

function textIn(entry: Members, key: string, reading: Reading): string | undefined {
  const written = entry[key];
  return written === undefined || written === null ? undefined : inText(wordOf(written, key), reading);
}

function inText(text: string, { client, machine }: Reading): string {
  const result = translated(text, client.variables, machine);
  if (result.kind === 'text') return result.text;
  throw new Refusal(`uses ${result.reference}, which only ${client.name} knows`);
}

function wordsIn(written: unknown, key: string): readonly string[] {
  if (written === undefined || written === null) return [];
  if (!Array.isArray(written)) throw new Refusal(`has ${key} that is not a list`);
  return written.map((word, index) => wordOf(word, `${key}.${String(index)}`));
}

/** Numbers and truth values are taken as the text that a program gets. */
function wordOf(written: unknown, key: string): string {
  if (typeof written === 'string') return written;
  if (typeof written === 'number' || typeof written === 'boolean' || typeof written === 'bigint')
    return String(written);
  throw new Refusal(`has ${key} that is not text`);
}

function mapValues(
  values: Readonly<Record<string, unknown>>,
  change: (value: unknown, key: string) => string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value, key)]));
}
