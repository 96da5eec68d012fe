import type { JSX } from 'preact';
import type { ReportView } from '../../src/dashboard/api-report.ts';
import { Card } from '../parts/card.tsx';
import { Table } from '../parts/table.tsx';
import { counted } from '../words/numbers.ts';

export function ReportExceptions({ exceptions }: Pick<ReportView, 'exceptions'>): JSX.Element {
  return (
    <Card title="Exceptions that were used" wide>
      {exceptions.length === 0 ? (
        <p class="muted">None: nothing that a rule refused was let through by an exception.</p>
      ) : (
        <Table
          caption="Exceptions that were used"
          head={['Exception', 'What it lifts', 'Why', 'Asked for by', 'Approved by', 'Used']}
          stacks
        >
          {exceptions.map(({ rule, lifts, justification, requestedBy, approvedBy, used }) => (
            <tr key={rule}>
              <th scope="row">
                <code>{rule}</code>
              </th>
              <td data-label="What it lifts">{lifts.join(', ')}</td>
              <td data-label="Why">{justification}</td>
              <td data-label="Asked for by">{requestedBy}</td>
              <td data-label="Approved by">{approvedBy}</td>
              <td data-label="Used" class="number">
                {counted(used)}
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Card>
  );
}
