import type { JSX } from 'preact';
import type { Line, Plane } from './chart.tsx';

export function ChartLines({
  lines,
  plane: { x, y, stepWidth },
}: {
  lines: readonly Line[];
  plane: Plane;
}): JSX.Element {
  return (
    <g aria-hidden="true">
      {lines.map(({ name, tone, values }) => (
        <polyline
          key={name}
          class={`stroke--${tone}`}
          points={values.map((value, index) => `${x(index) + stepWidth / 2},${y(value)}`).join(' ')}
        />
      ))}
    </g>
  );
}
