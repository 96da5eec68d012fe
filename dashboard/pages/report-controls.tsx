import type { JSX } from 'preact';
import type { ControlRow } from '../../src/dashboard/api-report.ts';
import { Card } from '../parts/card.tsx';
import { Table } from '../parts/table.tsx';
import { hrefTo } from '../words/addresses.ts';
import { counted } from '../words/numbers.ts';

/** Which control is served by which rules, and how often they acted. */
export function ReportControls({ controls }: { controls: readonly ControlRow[] }): JSX.Element {
  return (
    <Card title="By control" wide>
      {controls.length === 0 ? (
        <p class="muted">
          No rule names a control. Authors name them in a rule’s annotation, as <code>custom.control</code>.
        </p>
      ) : (
        <Table caption="By control" head={['Control', 'Rule', 'Acted', 'Lifted by an exception']}>
          {controls.flatMap(({ control, rules }) =>
            rules.map(({ rule, title, fired, lifted }, index) => (
              <tr key={`${control} ${rule}`}>
                {index === 0 && (
                  <th scope="rowgroup" rowSpan={rules.length}>
                    {control}
                  </th>
                )}
                <td>
                  <a href={hrefTo(['policies'], { q: rule.split('/').at(-1) ?? rule })}>
                    {title === '' ? rule : title}
                  </a>
                  <span class="under">
                    <code>{rule}</code>
                  </span>
                </td>
                <td class="number">{counted(fired)}</td>
                <td class="number">{counted(lifted)}</td>
              </tr>
            )),
          )}
        </Table>
      )}
    </Card>
  );
}
