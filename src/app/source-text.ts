import type { PolicySource } from '../config/schema-servers.ts';
import { addressText } from '../core/bundle-address.ts';

/** Where a bundle comes from, as it is shown: a path, an address without its query, `auto` or `none`. */
export function sourceText(source: PolicySource | undefined): string {
  if (source === undefined) return '';
  if (source.kind === 'path') return source.path;
  return source.kind === 'remote' ? addressText(source.address) : source.kind;
}
