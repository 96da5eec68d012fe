import type { ComponentChildren, JSX } from 'preact';

/** What most readers do not need, one click away. */
export function More({ title, children }: { title: string; children: ComponentChildren }): JSX.Element {
  return (
    <details class="more">
      <summary>{title}</summary>
      {children}
    </details>
  );
}
