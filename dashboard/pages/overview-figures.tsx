import type { JSX } from 'preact';
import type { OverviewView } from '../../src/dashboard/api.ts';
import { Figure } from '../parts/figure.tsx';
import { hrefTo, hrefToDecisions } from '../words/addresses.ts';
import { counted, duration, percent } from '../words/numbers.ts';

export function Figures({ view, since }: { view: OverviewView; since: string }): JSX.Element {
  const { total, effects, denialRate, decideUs, recordUs } = view;
  return (
    <div class="figures">
      <Figure
        name="Decisions"
        value={counted(total)}
        about="everything that was asked"
        href={hrefToDecisions({ since })}
      />
      <Figure
        name="Allowed"
        value={counted(effects.allow)}
        about="went on to a server"
        href={hrefToDecisions({ since, effect: 'allow' })}
        tone="allow"
      />
      <Figure
        name="Denied"
        value={counted(effects.deny)}
        about={`${percent(denialRate)} of all`}
        href={hrefToDecisions({ since, effect: 'deny' })}
        tone="deny"
      />
      <Figure
        name="Had to wait"
        value={counted(effects.pending)}
        about="for somebody to approve"
        href={hrefToDecisions({ since, effect: 'pending' })}
        tone="pending"
      />
      <Figure
        name="Time to decide"
        value={duration(decideUs.p50)}
        about={`99 of 100 within ${duration(decideUs.p99)}; recording ${duration(recordUs.p50)}`}
        href={hrefTo([], { since })}
      />
    </div>
  );
}
