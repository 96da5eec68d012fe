import type { JSX } from 'preact';

interface FigureProps {
  readonly name: string;
  readonly value: string;
  readonly about: string;
  readonly href: string;
  readonly tone?: 'allow' | 'deny' | 'pending';
}

/** A number that matters, and the way to what it counts. */
export function Figure({ name, value, about, href, tone }: FigureProps): JSX.Element {
  return (
    <a class={`figure ${tone === undefined ? '' : `figure--${tone}`}`} href={href}>
      <span class="figure-name">{name}</span>
      <span class="figure-value">{value}</span>
      <span class="figure-about">{about}</span>
    </a>
  );
}
