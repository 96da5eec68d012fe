import type { JSX } from 'preact';
import { counted } from '../words/numbers.ts';

export interface Bar {
  readonly name: string;
  readonly code?: string;
  readonly count: number;
  readonly href: string;
}

/** Counts as bars, the longest first; each leads to what it counts. */
export function Bars({ bars, tone }: { bars: readonly Bar[]; tone: 'deny' | 'plain' }): JSX.Element {
  const most = Math.max(1, ...bars.map(({ count }) => count));
  return (
    <ol class={`bars bars--${tone}`}>
      {bars.map(({ name, code, count, href }) => (
        <li key={href}>
          <a href={href} title={code}>
            <span class="bar-name">{name}</span>
            <span class="bar-count">{counted(count)}</span>
            <span class="bar" style={{ '--share': String(count / most) }} />
          </a>
        </li>
      ))}
    </ol>
  );
}
