import { withEntry } from './edit.ts';
import type { ClientPlace } from './find.ts';
import { type Launch, OWN_NAME, ownEntry } from './own-entry.ts';

/** A file of this client with our entry alone, to be pasted. */
export function snippetFor(place: ClientPlace, launch: Launch): string {
  return withEntry('', place, { name: OWN_NAME, entry: ownEntry(place.client.dialect, launch) }).text;
}
