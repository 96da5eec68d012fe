import { formatSearch, type Terms } from './search.ts';

/** A page and what it shows: `#/decisions/019a…?q=…`. */
export interface Address {
  /** `['decisions', '019a…']`; empty for the overview. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

/** Reads what stands after the `#`. */
export function parseAddress(hash: string): Address {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  return { path: path.split('/').filter(Boolean).map(decoded), query: new URLSearchParams(query) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a page, for a link. */
export function hrefTo(path: readonly string[], query: Readonly<Record<string, string>> = {}): string {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString();
  return `#/${path.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`;
}

/** The list of decisions, filtered. */
export function hrefToDecisions(terms: Terms): string {
  return hrefTo(['decisions'], { q: formatSearch(terms) });
}

export function hrefToDecision(id: string): string {
  return hrefTo(['decisions', id]);
}
