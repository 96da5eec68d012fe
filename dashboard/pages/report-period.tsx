import type { JSX } from 'preact';
import { useId } from 'preact/hooks';
import { Choices } from '../parts/choices.tsx';
import { nowMs } from '../state/clock.ts';
import { refine } from '../state/route.ts';
import { hrefTo } from '../words/addresses.ts';
import { localDay } from '../words/times.ts';

const DAY_MS = 86_400_000;
const LENGTHS = { Week: 7, Month: 30, Quarter: 91, Year: 365 } as const;

export function ReportPeriod({ from, until }: { from: string; until: string }): JSX.Element {
  const id = useId();
  const today = localDay(nowMs());
  const choices = Object.entries(LENGTHS).map(([name, days]) => {
    const start = localDay(nowMs() - days * DAY_MS);
    const href = hrefTo(['report'], { from: start, until: today });
    return { name, href, isCurrent: start === from && today === until };
  });
  return (
    <div class="fields period">
      <div>
        <label for={`${id}-from`}>From</label>
        <input
          id={`${id}-from`}
          type="date"
          value={from}
          max={until}
          onChange={({ currentTarget }) => currentTarget.value !== '' && refine({ from: currentTarget.value })}
        />
      </div>
      <div>
        <label for={`${id}-until`}>To and with</label>
        <input
          id={`${id}-until`}
          type="date"
          value={until}
          min={from}
          onChange={({ currentTarget }) => currentTarget.value !== '' && refine({ until: currentTarget.value })}
        />
      </div>
      <Choices label="Period" choices={choices} />
    </div>
  );
}
