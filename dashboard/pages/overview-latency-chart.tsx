import type { JSX } from 'preact';
import type { OverviewView } from '../../src/dashboard/api.ts';
import { Card } from '../parts/card.tsx';
import { Chart, type Line } from '../parts/chart.tsx';
import { Legend } from '../parts/legend.tsx';
import { More } from '../parts/more.tsx';
import { Table } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { duration } from '../words/numbers.ts';

/** How long deciding takes; what the calls themselves take is not in it. */
export function LatencyChart({ view: { series } }: { view: OverviewView }): JSX.Element {
  const lines: readonly Line[] = [
    { name: 'Half of all', tone: 'accent', values: series.map(({ p50Us }) => p50Us) },
    { name: '99 of 100', tone: 'muted', values: series.map(({ p99Us }) => p99Us) },
  ];
  return (
    <Card title="Time to decide" wide aside={<Legend lines={lines} />}>
      <Chart
        label="Time to decide: within which half of all and 99 of 100 decisions were made. The table below has the numbers."
        kind="lines"
        times={series.map(({ time }) => time)}
        lines={lines}
        format={duration}
      />
      <More title="The numbers as a table">
        <Table caption="Time to decide" head={['From', 'Half of all within', '99 of 100 within']}>
          {series.map(({ time, p50Us, p99Us }) => (
            <tr key={time}>
              <th scope="row">
                <Time at={time} />
              </th>
              <td class="number">{duration(p50Us)}</td>
              <td class="number">{duration(p99Us)}</td>
            </tr>
          ))}
        </Table>
      </More>
    </Card>
  );
}
