import type { JSX } from 'preact';
import type { DecisionView } from '../../src/dashboard/api.ts';
import { Card } from '../parts/card.tsx';
import { Table } from '../parts/table.tsx';

/** What the rules looked at. */
export function DecisionRead({ view: { read } }: { view: DecisionView }): JSX.Element {
  return (
    <Card title="What the rules looked at" wide about="Values that are kept out of the record are masked here too.">
      {read.length === 0 ? (
        <p class="muted">No rule looked at anything of the request itself.</p>
      ) : (
        <Table caption="What the rules looked at" head={['Where', 'What stood there']}>
          {read.map(({ path, value }) => (
            <tr key={path}>
              <th scope="row">
                <code>{path}</code>
              </th>
              <td>
                <code class="value">{JSON.stringify(value)}</code>
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Card>
  );
}
