import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';

interface CardProps {
  readonly title: string;
  readonly about?: ComponentChildren;
  readonly aside?: ComponentChildren;
  readonly wide?: boolean;
  readonly children: ComponentChildren;
}

/** A part of a page with a heading of its own. */
export function Card({ title, about, aside, wide = false, children }: CardProps): JSX.Element {
  const id = useId();
  return (
    <section class={wide ? 'card card--wide' : 'card'} aria-labelledby={id}>
      <div class="card-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {about !== undefined && <p class="muted">{about}</p>}
      {children}
    </section>
  );
}
