import type { VariableStyle } from './description.ts';
import type { Machine } from './machine.ts';

/** A text as `mcp-gateway.yaml` writes it, or the reference that only the client can resolve. */
export type Translation =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'unknown'; readonly reference: string };

const REFERENCE = /\$\{([^}]*)\}|\$([A-Za-z_]\w*)|\$/g;
const NAME = /^[A-Za-z_]\w*$/;

/**
 * Rewrites what a client puts in by itself: a variable becomes `${NAME}`, what its user is asked for `${secret:NAME}`; every
 * other dollar sign is doubled, so that it stays one.
 */
export function translated(text: string, style: VariableStyle, machine: Machine): Translation {
  const unknown: string[] = [];
  const rewritten = text.replaceAll(REFERENCE, (whole, inner: string | undefined, plain: string | undefined) => {
    const piece = pieceFor({ inner, plain, style, machine });
    if (piece === undefined) unknown.push(whole);
    return piece ?? whole.replaceAll('$', '$$$$');
  });
  const [reference] = unknown;
  return reference === undefined ? { kind: 'text', text: rewritten } : { kind: 'unknown', reference };
}

interface Piece {
  readonly inner: string | undefined;
  readonly plain: string | undefined;
  readonly style: VariableStyle;
  readonly machine: Machine;
}

function pieceFor({ inner, plain, style, machine }: Piece): string | undefined {
  if (inner === undefined) {
    if (plain === undefined) return '$$';
    return style.plain ? `\${${plain}}` : `$$${plain}`;
  }
  if (style.env && inner.startsWith('env:') && NAME.test(inner.slice(4))) return `\${${inner.slice(4)}}`;
  if (style.input && inner.startsWith('input:')) return `\${secret:${inner.slice(6)}}`;
  if (style.braces && NAME.test(inner.split(':-')[0] ?? '')) return `\${${inner}}`;
  if (style.env) return placeFor(inner, machine);
  return `$$\{${inner}}`;
}

/** What editors put in beside variables; a folder of the project is known only within it. */
function placeFor(inner: string, { home, workingFolder }: Machine): string | undefined {
  if (inner === 'userHome') return escaped(home);
  if (inner === 'workspaceFolder') return escaped(workingFolder);
  if (inner === 'pathSeparator' || inner === '/') return '/';
  return undefined;
}

function escaped(text: string): string {
  return text.replaceAll('$', '$$$$');
}
