import { isAbsolute, resolve } from 'node:path';
import type { Insertion } from './tree.ts';

/** Where values for `${…}` come from. */
export interface SubstitutionSource {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Folder that a relative `${file:…}` starts from. */
  readonly folder: string;
  /** Text of a small file; throws where it cannot be read. */
  readonly readText: (path: string) => string;
}

export type Substitution =
  | { readonly kind: 'done'; readonly text: string; readonly insertions: readonly Insertion[] }
  | { readonly kind: 'failed'; readonly failures: readonly SubstitutionFailure[] };

interface SubstitutionFailure {
  readonly code: 'E_ENV_UNSET' | 'E_FILE' | 'E_SUBSTITUTION' | 'E_NOT_BUILT';
  readonly message: string;
  readonly help: string;
}

type Piece = Insertion | SubstitutionFailure | string;

const REFERENCE = /\$\$|\$\{([^}]*)\}|\$\{/g;
const VARIABLE = /^(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;
const GRAMMAR = 'known are ${NAME}, ${env:NAME}, ${NAME:-default} and ${file:PATH}; write $$ for a dollar sign';

/**
 * Puts values in for `${VAR}`, `${env:VAR}`, `${VAR:-default}` and `${file:PATH}` in one scalar; `$$` is a dollar sign.
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
  if (inner.startsWith('secret:') || inner.startsWith('exec:')) {
    const kind = inner.slice(0, inner.indexOf(':'));
    return failure(
      'E_NOT_BUILT',
      `\${${kind}:…} is not in this version`,
      'use ${VAR}, or ${file:PATH} with a file that only you can read',
    );
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
