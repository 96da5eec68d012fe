import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { OverviewView } from '../../src/dashboard/api.ts';
import { Card } from '../parts/card.tsx';
import { Choices } from '../parts/choices.tsx';
import { Command } from '../parts/command.tsx';
import { Empty } from '../parts/empty.tsx';
import { Page } from '../parts/page.tsx';
import { Shown } from '../parts/shown.tsx';
import { nowMs } from '../state/clock.ts';
import { useLoad } from '../state/load.ts';
import { address } from '../state/route.ts';
import { hrefTo } from '../words/addresses.ts';
import { timeOf } from '../words/search.ts';
import { DecisionsChart } from './overview-decisions-chart.tsx';
import { Figures } from './overview-figures.tsx';
import { Fresh } from './overview-fresh.tsx';
import { Health } from './overview-health.tsx';
import { LatencyChart } from './overview-latency-chart.tsx';
import { Rankings } from './overview-rankings.tsx';

const SPANS = { '1h': 'Hour', '24h': 'Day', '7d': 'Week', '30d': 'Month' } as const;
const AGAIN_MS = 30_000;

/** Is it working, and what is new? */
export function OverviewPage(): JSX.Element {
  const since = address.value.query.get('since') ?? '24h';
  // Rounded to minutes, so that the address of the question stays the same while the page is drawn again.
  const minute = Math.floor(nowMs() / 60_000) * 60_000;
  const from = useMemo(() => timeOf(since, minute) ?? timeOf('24h', minute) ?? '', [since]);
  const loaded = useLoad<OverviewView>(`overview?${new URLSearchParams({ since: from }).toString()}`, AGAIN_MS);
  const choices = Object.entries(SPANS).map(([span, name]) => ({
    name,
    href: hrefTo([], { since: span }),
    isCurrent: span === since,
  }));
  return (
    <Page
      title="Overview"
      about="What your agents did, and what the rules said."
      actions={<Choices label="Time span" choices={choices} />}
    >
      <Shown loaded={loaded}>
        {(view) => (view.total === 0 ? <Nothing view={view} /> : <Everything view={view} since={since} />)}
      </Shown>
    </Page>
  );
}

function Everything({ view, since }: { view: OverviewView; since: string }): JSX.Element {
  return (
    <>
      <Figures view={view} since={since} />
      <div class="grid">
        <DecisionsChart view={view} />
        <Rankings view={view} since={since} />
        <Fresh view={view} />
        <Health lines={view.health} />
        <LatencyChart view={view} />
      </div>
    </>
  );
}

function Nothing({ view }: { view: OverviewView }): JSX.Element {
  return (
    <div class="grid">
      <Card title="Decisions" wide>
        <Empty title="No decision in this time">
          <p>
            A decision is made each time an agent uses a tool through the gateway. Choose a longer time, or connect a
            client and ask it to use a tool: <Command line="mcp-gateway connect" />
          </p>
        </Empty>
      </Card>
      <Health lines={view.health} />
    </div>
  );
}
