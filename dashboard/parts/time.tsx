import type { JSX } from 'preact';
import { nowMs } from '../state/clock.ts';
import { localTime, utcTime } from '../words/times.ts';

/** Local, with UTC for whoever points at it. An empty time is said as `never`. */
export function Time({ at }: { at: string }): JSX.Element {
  if (at === '') return <span class="muted">never</span>;
  return (
    <time dateTime={at} title={utcTime(at)}>
      {localTime(at, nowMs())}
    </time>
  );
}
