import type { JSX } from 'preact';
import type { ChangeView } from '../../src/dashboard/api-policies.ts';
import { Icon } from '../parts/icon.tsx';
import { Table } from '../parts/table.tsx';
import { hrefToDecision } from '../words/addresses.ts';
import { counted, countOf } from '../words/numbers.ts';
import { REPLAY_WORDS } from '../words/plain.ts';

/** What it would have done with calls that really were made; what was denied and would now be allowed stands out. */
export function ChangeImpact({ change: { replay } }: { change: ChangeView }): JSX.Element | null {
  if (replay === undefined) return null;
  const { replayed, classes, groups } = replay;
  const opened = classes['deny_to_allow'] ?? 0;
  return (
    <div class="impact">
      <h3>Compared with {countOf(replayed, 'real call')}</h3>
      {opened > 0 && (
        <div class="note note--deny">
          <Icon name="warn" />
          <div>
            <strong>
              {countOf(opened, 'call')} that {opened === 1 ? 'was' : 'were'} denied would be allowed.
            </strong>
            <p>Look at each kind below before this goes on: this is what a change for the worse looks like.</p>
          </div>
        </div>
      )}
      <ul class="numbers">
        {Object.entries(classes)
          .filter(([name, count]) => count > 0 || name === 'same')
          .map(([name, count]) => (
            <li key={name} data-class={name}>
              <strong>{counted(count)}</strong> {REPLAY_WORDS[name] ?? name}
            </li>
          ))}
      </ul>
      {groups.length > 0 && (
        <Table
          caption="Calls that would be decided otherwise"
          head={['What would change', 'Calls', 'Because of', 'For example']}
          stacks
        >
          {groups.map((group) => (
            <tr key={`${group.class} ${group.rules.join(' ')} ${group.example}`} data-class={group.class}>
              <th scope="row">{REPLAY_WORDS[group.class] ?? group.class}</th>
              <td data-label="Calls" class="number">
                {counted(group.count)}
              </td>
              <td data-label="Because of">
                <code>{group.rules.join(', ')}</code>
              </td>
              <td data-label="For example">
                <a href={hrefToDecision(group.example)}>this call</a>
              </td>
            </tr>
          ))}
        </Table>
      )}
    </div>
  );
}
