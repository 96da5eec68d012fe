import type { JSX } from 'preact';
import type { GenerationRow } from '../../src/dashboard/api-policies.ts';
import { Badge } from '../parts/badge.tsx';
import { Card } from '../parts/card.tsx';
import { Table } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { shortHash } from '../words/numbers.ts';

/** Every state of all policies together that was ever in force. */
export function Generations({ generations }: { generations: readonly GenerationRow[] }): JSX.Element {
  return (
    <Card
      title="What was in force"
      wide
      about="Each line is all policies together, from the time on until the line above it."
    >
      <Table caption="What was in force" head={['From', 'Policies', 'Because', 'What changed']} stacks>
        {generations.map(({ generation, time, why, inForce, changes }) => (
          <tr key={`${generation} ${time}`}>
            <th scope="row">
              <Time at={time} />
            </th>
            <td data-label="Policies" class="nowrap">
              <code>{shortHash(generation)}</code> {inForce && <Badge tone="allow">In force</Badge>}
            </td>
            <td data-label="Because">{why}</td>
            <td data-label="What changed">{changes.join(', ')}</td>
          </tr>
        ))}
      </Table>
    </Card>
  );
}
