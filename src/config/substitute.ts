import { isAbsolute, resolve } from 'node:path';
import { GatewayError } from '../core/errors.ts';
import { isSecretName } from '../core/names.ts';
import type { Insertion } from './tree.ts';

/** Where values for `${…}` come from. */
export interface SubstitutionSource {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Folder that a relative `${file:…}` starts from. */
  readonly folder: string;
  /** Text of a small file; throws where it cannot be read. */
  readonly readText: (path: string) => string;
  /** Value of a secret, undefined where it is not set; throws a GatewayError where nobody can tell. Absent where there are none. */
  readonly readSecret?: ((name: string) => string | undefined) | undefined;
}

export type Substitution =
  | { readonly kind: 'done'; readonly text: string; readonly insertions: readonly Insertion[] }
  | { readonly kind: 'failed'; readonly failures: readonly SubstitutionFailure[] };

interface SubstitutionFailure {
  readonly code: 'E_ENV_UNSET' | 'E_SECRET' | 'E_FILE' | 'E_SUBSTITUTION' | 'E_NOT_BUILT';
  readonly message: string;
  readonly help: string;
}

type Piece = Insertion | SubstitutionFailure | string;

const REFERENCE = /\$\$|\$\{([^}]*)\}|\$\{/g;
const VARIABLE = /^(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;
const SECRET = /^([^:]*)(?::-(.*))?$/s;
const GRAMMAR =
  'known are ${NAME}, ${env:NAME}, ${NAME:-default}, ${secret:NAME} and ${file:PATH}; write $$ for a dollar sign';

/**
 * Puts values in for `${VAR}`, `${env:VAR}`, `${VAR:-default}`, `${secret:NAME}`, `${secret:NAME:-default}` and
 * `${file:PATH}` in one scalar; `$$` is a dollar sign.
 * What is put in is text and is not looked at again, so a value can bring in neither structure nor further references.
 * The grammar is that of OpenTelemetry's declarative configuration, less its silence about what is unset.
 */
export function substitute(text: string, source: SubstitutionSource): Substitution {
  if (!text.includes('$')) return { kind: 'done', text, insertions: [] };
  const pieces = piecesOf(text, source);
  const failures = pieces.filter((piece) => isFailure(piece));
  if (failures.length > 0) return { kind: 'failed', failures };
  const values = pieces.filter((piece): piece is Insertion | string => !isFailure(piece));
  return {
    kind: 'done',
    text: values.map((piece) => (typeof piece === 'string' ? piece : piece.value)).join(''),
    insertions: values.filter((piece) => isInsertion(piece)),
  };
}

function piecesOf(text: string, source: SubstitutionSource): readonly Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(REFERENCE)) {
    pieces.push(text.slice(end, match.index), pieceFor(match[0], match[1], source));
    end = match.index + match[0].length;
  }
  return [...pieces, text.slice(end)];
}

function pieceFor(written: string, inner: string | undefined, source: SubstitutionSource): Piece {
  if (written === '$$') return '$';
  if (inner === undefined) return failure('E_SUBSTITUTION', '"${" is not closed', GRAMMAR);
  if (inner.startsWith('file:')) return fromFile(inner.slice('file:'.length), source);
  if (inner.startsWith('secret:')) return fromSecret(inner.slice('secret:'.length), source);
  if (inner.startsWith('exec:')) {
    return failure('E_NOT_BUILT', '${exec:…} is not in this version', 'use ${secret:NAME}, or ${VAR}');
  }
  const variable = VARIABLE.exec(inner);
  if (variable === null || variable[2]?.includes('${') === true) {
    return failure('E_SUBSTITUTION', `"\${${inner}}" is not a reference`, GRAMMAR);
  }
  return fromVariable(variable[1] ?? '', variable[2], source);
}

function fromVariable(name: string, fallback: string | undefined, source: SubstitutionSource): Piece {
  const value = Object.hasOwn(source.environment, name) ? source.environment[name] : undefined;
  if (value !== undefined && (value !== '' || fallback === undefined)) return { from: 'variable', name, value };
  if (fallback !== undefined) return { from: 'default', name, value: fallback };
  return failure(
    'E_ENV_UNSET',
    `environment variable ${name} is not set`,
    `set ${name}, or give a default: \${${name}:-value}`,
  );
}

function fromSecret(inner: string, { readSecret }: SubstitutionSource): Piece {
  const [, name = '', fallback] = SECRET.exec(inner) ?? [];
  if (!isSecretName(name) || fallback?.includes('${') === true) {
    return failure(
      'E_SUBSTITUTION',
      `"\${secret:${inner}}" does not name a secret`,
      'names have small letters, digits, dots, underscores and hyphens',
    );
  }
  const value = readSecret === undefined ? undefined : asked(readSecret, name);
  if (typeof value === 'object') return value;
  if (value !== undefined) return { from: 'secret', name, value };
  if (fallback !== undefined) return { from: 'default', name, value: fallback };
  return failure('E_SECRET', `the secret "${name}" is not set`, `mcp-gateway secret set ${name}`);
}

function asked(
  readSecret: (name: string) => string | undefined,
  name: string,
): string | SubstitutionFailure | undefined {
  try {
    return readSecret(name);
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown;
    return failure('E_SECRET', thrown.message, thrown.mend ?? 'mcp-gateway secret check');
  }
}

function fromFile(name: string, source: SubstitutionSource): Piece {
  const path = isAbsolute(name) ? name : resolve(source.folder, name);
  try {
    return { from: 'file', name, value: source.readText(path).replace(/\r?\n$/, '') };
  } catch {
    return failure(
      'E_FILE',
      `the file ${name} cannot be read`,
      'it has to be a file of UTF-8 text, at most 64 KB, that the gateway may read',
    );
  }
}

function failure(code: SubstitutionFailure['code'], message: string, help: string): SubstitutionFailure {
  return { code, message, help };
}

function isFailure(piece: Piece): piece is SubstitutionFailure {
  return typeof piece === 'object' && 'code' in piece;
}

function isInsertion(piece: Piece): piece is Insertion {
  return typeof piece === 'object' && 'from' in piece;
}
