import type { JSX } from 'preact';
import type { Line, Plane } from './chart.tsx';

/** One bar for each step; the last line stands at the bottom, the others upon it. */
export function ChartBars({ lines, plane }: { lines: readonly Line[]; plane: Plane }): JSX.Element {
  const { x, y, stepWidth } = plane;
  const gap = Math.min(4, stepWidth * 0.2);
  return (
    <g aria-hidden="true">
      {lines.map(({ name, tone, values }, place) =>
        values.map((value, index) => {
          if (value === 0) return null;
          const below = lines.slice(place + 1).reduce((sum, line) => sum + (line.values[index] ?? 0), 0);
          return (
            <rect
              key={`${name} ${index}`}
              class={`fill--${tone}`}
              x={x(index) + gap / 2}
              y={y(below + value)}
              width={Math.max(1, stepWidth - gap)}
              height={Math.max(0, y(below) - y(below + value))}
            />
          );
        }),
      )}
    </g>
  );
}
