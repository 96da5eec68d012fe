import type { JSX } from 'preact';
import type { ApprovalView } from '../../src/dashboard/api-connected.ts';
import { useSeconds } from '../state/clock.ts';
import { countdown, utcTime } from '../words/times.ts';

/** How long there is to answer. A screen reader reads it when it comes by, and is not told each second. */
export function Countdown({ approval: { created, expires } }: { approval: ApprovalView }): JSX.Element {
  const left = Date.parse(expires) - useSeconds();
  const share = Math.max(0, Math.min(1, left / Math.max(1, Date.parse(expires) - Date.parse(created))));
  return (
    <span class="countdown" data-short={left < 60_000} title={`until ${utcTime(expires)}`}>
      {left <= 0 ? 'Time is up' : `${countdown(left)} left`}
      <span class="bar" style={{ '--share': String(share) }} />
    </span>
  );
}
