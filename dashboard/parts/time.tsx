import type { JSX } from 'preact';
import { nowMs } from '../state/clock.ts';
import { localTime, utcTime } from '../words/times.ts';

/**
 * Local, with UTC for whoever points at it. An empty time is said as `never`. `withDay`: for paper, where
 * nobody knows any more what was today.
 */
export function Time({ at, withDay = false }: { at: string; withDay?: boolean }): JSX.Element {
  if (at === '') return <span class="muted">never</span>;
  return (
    <time dateTime={at} title={utcTime(at)}>
      {localTime(at, withDay ? 0 : nowMs())}
    </time>
  );
}
