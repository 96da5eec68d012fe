import { signal } from '@preact/signals';

/** What a screen reader says next, and what is shown for a moment at the edge of the page. */
export const announcement = signal({ text: '', count: 0 });

export function announce(text: string): void {
  announcement.value = { text, count: announcement.value.count + 1 };
}
