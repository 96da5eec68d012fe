import type { ComponentChildren, JSX } from 'preact';

/** Why there is nothing, and what to do so that there is something. */
export function Empty({ title, children }: { title: string; children: ComponentChildren }): JSX.Element {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      <div>{children}</div>
    </div>
  );
}
