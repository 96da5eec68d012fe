import { signal } from '@preact/signals';
import { keep, kept } from './keep.ts';

/** A search that somebody keeps under a name, in this browser. */
export interface SavedView {
  readonly name: string;
  readonly search: string;
}

export const views = signal<readonly SavedView[]>(readViews());

function readViews(): readonly SavedView[] {
  try {
    const value: unknown = JSON.parse(kept(localStorage, 'views') || '[]');
    return Array.isArray(value) ? value.filter(isView) : [];
  } catch {
    return [];
  }
}

function isView(value: unknown): value is SavedView {
  const view = value as Partial<SavedView> | null;
  return typeof view?.name === 'string' && typeof view.search === 'string';
}

/** One of the same name is replaced. */
export function saveView(view: SavedView): void {
  setViews([...views.value.filter(({ name }) => name !== view.name), view]);
}

export function forgetView(name: string): void {
  setViews(views.value.filter((view) => view.name !== name));
}

function setViews(next: readonly SavedView[]): void {
  views.value = next;
  keep(localStorage, { name: 'views', value: JSON.stringify(next) });
}
