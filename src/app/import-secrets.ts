import type { ClientServer } from '../clients/entry.ts';
import {
  freeName,
  secretInHeader,
  secretInVariable,
  secretNameFor,
  type SecretPart,
  secretsInArguments,
  secretsInUrl,
  withReferences,
} from '../core/plain-secrets.ts';
import type { PlannedSecret } from './import-plan.ts';

export interface SecretsToMove {
  /** Of a secret that is kept already. */
  readonly secretOf: (name: string) => string | undefined;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

export interface MovedServer {
  /** As `mcpServers` has it, without a secret in the open. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Names of secrets that the client would ask for, and of variables that are not set. */
  readonly needed: readonly string[];
  readonly unset: readonly string[];
}

/** Moves what looks like a secret out of the entries of clients; it remembers the names that it has given. */
export class SecretMover {
  readonly moved: PlannedSecret[] = [];
  readonly #options: SecretsToMove;

  constructor(options: SecretsToMove) {
    this.#options = options;
  }

  /** The entry under this id, as it is written into a configuration. */
  move(id: string, server: ClientServer): MovedServer {
    const work = new OneServer(id, this.#options, (label, value, place) => this.#keep(id, label, { value, place }));
    const settings = server.kind === 'remote' ? work.remote(server) : work.local(server);
    return { settings, needed: [...work.needed], unset: [...work.unset] };
  }

  #keep(server: string, label: string, { value, place }: { readonly value: string; readonly place: string }): string {
    const holder = (name: string): string | undefined =>
      this.moved.find((secret) => secret.name === name)?.value ?? this.#options.secretOf(name);
    const name = freeName(secretNameFor(server, label), (one) => (holder(one) ?? value) !== value);
    if (!this.moved.some((secret) => secret.name === name)) this.moved.push({ name, value, server, place });
    return name;
  }
}

type Keep = (label: string, value: string, place: string) => string;
type Texts = Readonly<Record<string, string>>;

class OneServer {
  readonly needed = new Set<string>();
  readonly unset = new Set<string>();
  readonly #id: string;
  readonly #options: SecretsToMove;
  readonly #keep: Keep;

  constructor(id: string, options: SecretsToMove, keep: Keep) {
    this.#id = id;
    this.#options = options;
    this.#keep = keep;
  }

  local({ command, args, env, cwd }: Extract<ClientServer, { kind: 'local' }>): MovedServer['settings'] {
    const found = secretsInArguments(args.map((word) => plainTextOf(word) ?? ''));
    const words = args.map((word, index) => this.#text(word, `args.${String(index)}`, () => found[index] ?? []));
    const variables = this.#texts(env, 'env', secretInVariable);
    return {
      command: this.#text(command, 'command', () => []),
      ...(words.length > 0 && { args: words }),
      ...(Object.keys(variables).length > 0 && { env: variables }),
      ...(cwd !== undefined && { cwd: this.#text(cwd, 'cwd', () => []) }),
    };
  }

  remote({ transport, url, headers }: Extract<ClientServer, { kind: 'remote' }>): MovedServer['settings'] {
    const sent = this.#texts(headers, 'headers', secretInHeader);
    return {
      ...(transport === 'sse' && { type: 'sse' }),
      url: this.#text(url, 'url', secretsInUrl),
      ...(Object.keys(sent).length > 0 && { headers: sent }),
    };
  }

  #texts(texts: Texts, group: string, find: (name: string, value: string) => readonly SecretPart[]): Texts {
    const entries = Object.entries(texts).map(([name, text]) => {
      return [name, this.#text(text, `${group}.${name}`, (value) => find(name, value))] as const;
    });
    return Object.fromEntries(entries);
  }

  #text(text: string, place: string, find: (value: string) => readonly SecretPart[]): string {
    const value = plainTextOf(text);
    if (value === undefined) return this.#references(text);
    const parts = find(value);
    const path = `mcpServers.${this.#id}.${place}`;
    const names = parts.map(({ label, start, end }) => this.#keep(label, value.slice(start, end), path));
    return withReferences(value, parts, names);
  }

  /** What is not set yet is empty for now: one server without its token keeps no other from starting. */
  #references(text: string): string {
    return text.replaceAll(/\$\$|\$\{(secret:|env:)?([^}]*)\}/g, (whole, kind: string | undefined, inner?: string) => {
      if (inner === undefined) return whole;
      if (kind === 'secret:') return this.#askedFor(inner);
      const { variables } = this.#options;
      if (inner.includes(':-') || variables[inner] !== undefined) return `\${${inner}}`;
      this.unset.add(inner);
      return `\${${inner}:-}`;
    });
  }

  #askedFor(id: string): string {
    const name = secretNameFor('', id) || `${this.#id}.input`;
    if (this.#options.secretOf(name) === undefined) this.needed.add(name);
    return `\${secret:${name}:-}`;
  }
}

/** What a text means in which nothing is put in; undefined for others. */
function plainTextOf(text: string): string | undefined {
  return text.replaceAll('$$', '').includes('${') ? undefined : text.replaceAll('$$', '$');
}
