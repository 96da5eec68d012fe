import type { JSX } from 'preact';
import type { ReportView } from '../../src/dashboard/api-report.ts';
import { Card } from '../parts/card.tsx';
import { Table } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { personWords } from '../words/plain.ts';

/** What people changed. */
export function ReportActs({ acts }: Pick<ReportView, 'acts'>): JSX.Element {
  return (
    <Card title="What was changed, and by whom" wide>
      {acts.length === 0 ? (
        <p class="muted">Nobody changed anything in this time.</p>
      ) : (
        <Table caption="What was changed, and by whom" head={['When', 'Who', 'What', 'Why']} stacks>
          {acts.map(({ time, actor, verb, subject, reason }) => (
            <tr key={`${time} ${verb} ${subject}`}>
              <td data-label="When" class="nowrap">
                <Time at={time} withDay />
              </td>
              <td data-label="Who">{personWords(actor)}</td>
              <td data-label="What">
                {verb.replaceAll(/[._]/g, ' ')} <code>{subject}</code>
              </td>
              <td data-label="Why">{reason}</td>
            </tr>
          ))}
        </Table>
      )}
    </Card>
  );
}
