/** Items that one page shows at most. */
const PAGE_SIZE = 1_000;

export type Page<T> =
  | {
      readonly kind: 'page';
      readonly items: readonly T[];
      /** Absent on the last page. */
      readonly nextCursor?: string;
    }
  | { readonly kind: 'bad_cursor' };

export interface PageWanted {
  /** Which list the cursor must belong to. */
  readonly list: string;
  /** As the client sends it. */
  readonly cursor: string | undefined;
  /** Default: `PAGE_SIZE`. */
  readonly size?: number;
}

/**
 * A page of what may be shown, from keyed items in a fixed order. The cursor names the last item shown, so that a list
 * that changes meanwhile goes on at the right place, and never one that is not shown.
 */
export function pageOf<T>(
  items: ReadonlyMap<string, T>,
  isShown: (item: T, key: string) => boolean,
  wanted: PageWanted,
): Page<T> {
  const { list, cursor, size = PAGE_SIZE } = wanted;
  const after = cursor === undefined ? undefined : readCursor(list, cursor);
  if (cursor !== undefined && after === undefined) return { kind: 'bad_cursor' };
  const shown: T[] = [];
  let last = '';
  for (const [key, item] of items) {
    if ((after !== undefined && key <= after) || !isShown(item, key)) continue;
    if (shown.length === size) return { kind: 'page', items: shown, nextCursor: writeCursor(list, last) };
    shown.push(item);
    last = key;
  }
  return { kind: 'page', items: shown };
}

const MARK = 'mcp-gateway';

function writeCursor(list: string, key: string): string {
  return Buffer.from(`${MARK}\n${list}\n${key}`).toString('base64url');
}

/** The key that a cursor names; undefined for one that was not given out for this list. */
function readCursor(list: string, cursor: string): string | undefined {
  const bytes = Buffer.from(cursor, 'base64url');
  const text = bytes.toString();
  const head = `${MARK}\n${list}\n`;
  return text.startsWith(head) && bytes.toString('base64url') === cursor ? text.slice(head.length) : undefined;
}
