import type { JSX } from 'preact';
import type { OverviewView, Step } from '../../src/dashboard/api.ts';
import { Card } from '../parts/card.tsx';
import { Chart, type Line } from '../parts/chart.tsx';
import { Legend } from '../parts/legend.tsx';
import { More } from '../parts/more.tsx';
import { Table } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { goTo } from '../state/route.ts';
import { hrefToDecisions } from '../words/addresses.ts';
import { counted } from '../words/numbers.ts';
import type { Terms } from '../words/search.ts';

/** Decisions over time; a click on a bar, or on a number of the table, leads to its decisions. */
export function DecisionsChart({ view }: { view: OverviewView }): JSX.Element {
  const { series, until } = view;
  const lines = linesOf(series);
  const termsOf = (index: number): Terms => ({
    since: series[index]?.time ?? view.since,
    until: series[index + 1]?.time ?? until,
  });
  return (
    <Card title="Decisions over time" wide aside={<Legend lines={lines} />}>
      <Chart
        label="Decisions over time, allowed, waiting and denied. The table below has the numbers."
        kind="stacked"
        times={series.map(({ time }) => time)}
        lines={lines}
        format={counted}
        onPick={(index) => goTo(hrefToDecisions(termsOf(index)))}
      />
      <More title="The numbers as a table">
        <Table caption="Decisions over time" head={['From', 'Allowed', 'Waiting', 'Denied']}>
          {series.map((step, index) => (
            <tr key={step.time}>
              <th scope="row">
                <Time at={step.time} />
              </th>
              {(['allow', 'pending', 'deny'] as const).map((effect) => (
                <td key={effect} class="number">
                  <a href={hrefToDecisions({ ...termsOf(index), effect })}>{counted(step[effect])}</a>
                </td>
              ))}
            </tr>
          ))}
        </Table>
      </More>
    </Card>
  );
}

function linesOf(series: readonly Step[]): readonly Line[] {
  return [
    { name: 'Allowed', tone: 'allow', values: series.map(({ allow }) => allow) },
    { name: 'Waiting', tone: 'pending', values: series.map(({ pending }) => pending) },
    { name: 'Denied', tone: 'deny', values: series.map(({ deny }) => deny) },
  ];
}
