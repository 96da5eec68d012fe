import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { axisTime, labelled, ticksTo } from '../words/axis.ts';
import { ChartBars } from './chart-bars.tsx';
import { ChartLines } from './chart-lines.tsx';

export interface Line {
  readonly name: string;
  /** Ending of the class that colours it: `allow`, `deny`, `pending`, `accent`, `muted`. */
  readonly tone: string;
  /** One value for each time. */
  readonly values: readonly number[];
}

export interface ChartProps {
  /** What a screen reader says instead of the picture; the same numbers stand in a table under it. */
  readonly label: string;
  /** RFC 3339, in equal steps. */
  readonly times: readonly string[];
  readonly lines: readonly Line[];
  readonly kind: 'stacked' | 'lines';
  readonly format: (value: number) => string;
  /** Somebody clicked at this step. */
  readonly onPick?: (index: number) => void;
}

const HEIGHT = 190;
/** Left, bottom and top of what is drawn: room for the labels. */
const [LEFT, BOTTOM, TOP] = [56, 22, 8];

/** What the drawing of values needs to know of its place. */
export interface Plane {
  readonly x: (index: number) => number;
  readonly y: (value: number) => number;
  readonly stepWidth: number;
}

/** Numbers over time, drawn by the style sheet's colours; pointing at a step says its numbers. */
export function Chart(props: ChartProps): JSX.Element {
  const { label, times, lines, kind, format, onPick } = props;
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const [pointed, setPointed] = useState<number>();
  const ticks = ticksTo(mostOf(props));
  const top = ticks.at(-1) ?? 1;
  const stepWidth = (width - LEFT) / Math.max(1, times.length);
  const plane: Plane = {
    x: (index) => LEFT + index * stepWidth,
    y: (value) => TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM),
    stepWidth,
  };
  return (
    <div class="chart" ref={frame} onPointerLeave={() => setPointed(undefined)}>
      <svg role="img" aria-label={label} width={width} height={HEIGHT}>
        <Grid {...{ ticks, plane, width, format, times }} />
        {kind === 'stacked' ? <ChartBars lines={lines} plane={plane} /> : <ChartLines lines={lines} plane={plane} />}
        {times.map((time, index) => (
          <rect
            key={time}
            class={index === pointed ? 'chart-step chart-step--here' : 'chart-step'}
            data-picks={onPick !== undefined}
            x={plane.x(index)}
            y={TOP}
            width={stepWidth}
            height={HEIGHT - TOP - BOTTOM}
            onPointerEnter={() => setPointed(index)}
            onClick={() => onPick?.(index)}
          />
        ))}
      </svg>
      <p class="chart-said" aria-hidden="true">
        {pointed !== undefined && saidOf(props, pointed)}
      </p>
    </div>
  );
}

function useWidth(frame: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(640);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const sized = new ResizeObserver(() => setWidth(Math.max(LEFT * 2, element.clientWidth)));
    sized.observe(element);
    return () => sized.disconnect();
  }, []);
  return width;
}

function mostOf({ kind, lines, times }: ChartProps): number {
  if (kind === 'lines') return Math.max(...lines.flatMap(({ values }) => values), 1);
  return Math.max(...times.map((_, index) => lines.reduce((sum, { values }) => sum + (values[index] ?? 0), 0)), 1);
}

function saidOf({ times, lines, format }: ChartProps, index: number): string {
  const time = new Date(times[index] ?? '');
  const clock = time.toLocaleString([], { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
  return [`From ${clock}`, ...lines.map(({ name, values }) => `${name} ${format(values[index] ?? 0)}`)].join(' · ');
}

interface GridProps extends Pick<ChartProps, 'format' | 'times'> {
  readonly ticks: readonly number[];
  readonly plane: Plane;
  readonly width: number;
}

function Grid({ ticks, plane, width, format, times }: GridProps): JSX.Element {
  const spanMs = Date.parse(times.at(-1) ?? '') - Date.parse(times[0] ?? '');
  return (
    <g class="chart-grid" aria-hidden="true">
      {ticks.map((value) => (
        <g key={value}>
          <line x1={LEFT} x2={width} y1={plane.y(value)} y2={plane.y(value)} />
          <text x={LEFT - 8} y={plane.y(value)} dominant-baseline="middle" text-anchor="end">
            {format(value)}
          </text>
        </g>
      ))}
      {labelled(times.length, { width: width - LEFT, apart: 64 }).map((index) => (
        <text key={index} x={plane.x(index)} y={HEIGHT - 5}>
          {axisTime(times[index] ?? '', spanMs)}
        </text>
      ))}
    </g>
  );
}
