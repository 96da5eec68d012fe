import type { JSX } from 'preact';
import type { Line } from './chart.tsx';

export function Legend({ lines }: { lines: readonly Line[] }): JSX.Element {
  return (
    <ul class="legend">
      {lines.map(({ name, tone }) => (
        <li key={name}>
          <span class={`swatch swatch--${tone}`} />
          {name}
        </li>
      ))}
    </ul>
  );
}
