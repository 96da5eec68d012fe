import { signal } from '@preact/signals';
import { type Address, hrefTo, parseAddress } from '../words/addresses.ts';

/** What the address bar says. It lies behind the `#`, so that any server can serve the pages and no log keeps a filter. */
export const address = signal<Address>(parseAddress(location.hash));

export function followAddress(): void {
  addEventListener('hashchange', () => (address.value = parseAddress(location.hash)));
}

/** Changes what the page shows, without a new entry in the history: for filters. */
export function refine(query: Readonly<Record<string, string>>): void {
  const { path, query: present } = address.value;
  const next = { ...Object.fromEntries(present), ...query };
  history.replaceState(null, '', hrefTo(path, next));
  address.value = parseAddress(location.hash);
}

export function goTo(href: string): void {
  location.hash = href;
}
