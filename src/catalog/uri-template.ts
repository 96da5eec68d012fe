/** A template of URIs (RFC 6570), read for telling which URIs may come of it. */
export interface UriTemplate {
  readonly text: string;
  /** Characters that every URI of it has: of two that fit, the one with more says more. */
  readonly literalLength: number;
  matches(uri: string): boolean;
}

/** Longer ones fit no template: what a template costs is its parts times this. */
const MAX_URI = 8_192;
const MAX_PARTS = 64;

/** A template that is not well formed, or has very many parts, fits nothing but its own text. */
export function readTemplate(text: string): UriTemplate {
  const parts = partsOf(text);
  const literalLength = parts.reduce((length, part) => length + (part.kind === 'text' ? part.text.length : 0), 0);
  return { text, literalLength, matches: (uri) => uri.length <= MAX_URI && fits(parts, uri) };
}

/**
 * What stands at one place. An expression stands for one segment of a path, with `{+x}` or, as servers in Python write
 * it, `{x*}` for anything; queries and fragments may also be left out.
 */
type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'segment' }
  | { readonly kind: 'anything' }
  | { readonly kind: 'optional' };

function partsOf(text: string): readonly Part[] {
  const pieces = text.split(EXPRESSION);
  if (pieces.length > MAX_PARTS) return [{ kind: 'text', text }];
  // With one group in the pattern, every other piece is the inside of an expression.
  return pieces.flatMap((piece, index) => (index % 2 === 0 ? literal(piece) : expression(piece)));
}

const EXPRESSION = /\{([^{}]*)\}/;

function literal(text: string): readonly Part[] {
  return text === '' ? [] : [{ kind: 'text', text }];
}

function expression(inside: string): readonly Part[] {
  const [operator = ''] = inside;
  if (operator === '?' || operator === '&' || operator === '#') return [{ kind: 'optional' }];
  if (operator === '+' || inside.endsWith('*')) return [{ kind: 'anything' }];
  if (operator === '/' || operator === '.' || operator === ';') return [...literal(operator), { kind: 'segment' }];
  return [{ kind: 'segment' }];
}

/** Follows all ways at once: after each part, the places in the URI that it may have come to. */
function fits(parts: readonly Part[], uri: string): boolean {
  let places = new Uint8Array(uri.length + 1);
  places[0] = 1;
  for (const part of parts) {
    places = part.kind === 'text' ? afterText(part.text, places, uri) : afterVariable(part.kind, places, uri);
  }
  return places[uri.length] === 1;
}

type Places = Uint8Array<ArrayBuffer>;

function afterText(text: string, places: Places, uri: string): Places {
  const after = new Uint8Array(places.length);
  for (let at = places.indexOf(1); at !== -1; at = places.indexOf(1, at + 1)) {
    if (uri.startsWith(text, at)) after[at + text.length] = 1;
  }
  return after;
}

function afterVariable(kind: 'segment' | 'anything' | 'optional', places: Places, uri: string): Places {
  const after = new Uint8Array(places.length);
  let isOpen = false;
  for (let at = 0; at < places.length; at += 1) {
    if (kind === 'segment' && at > 0 && uri[at - 1] === '/') isOpen = false;
    if (isOpen || (kind === 'optional' && places[at] === 1)) after[at] = 1;
    if (places[at] === 1) isOpen = true;
  }
  return after;
}
