import type { JSX } from 'preact';
import type { DecisionRow } from '../../src/dashboard/api.ts';
import { EffectBadge } from '../parts/effect-badge.tsx';
import { Table } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { useSelection } from '../state/selection.ts';
import { hrefToDecision } from '../words/addresses.ts';
import { duration } from '../words/numbers.ts';
import { OUTCOME_WORDS, reasonWords } from '../words/plain.ts';

const HEAD = ['Time', 'Decision', 'Who', 'What', 'Why, or what came of it', 'Decided in'];

/** Rows of the log; j and k choose one, Enter opens it. */
export function DecisionsTable({ rows, caption }: { rows: readonly DecisionRow[]; caption: string }): JSX.Element {
  useSelection(
    rows.map(({ id }) => id),
    'decision',
  );
  return (
    <Table caption={caption} head={HEAD} stacks>
      {rows.map((row) => (
        <Row key={row.id} row={row} />
      ))}
    </Table>
  );
}

function Row({ row }: { row: DecisionRow }): JSX.Element {
  const { id, time, effect, user, agent, client, server, tool, action, reasons, decideUs, outcome } = row;
  const what = [server, tool].filter((part) => part !== '').join('/');
  return (
    <tr class="link-row">
      <td data-label="Time" class="nowrap">
        <Time at={time} />
      </td>
      <td data-label="Decision">
        <EffectBadge effect={effect} />
      </td>
      <td data-label="Who">
        {user === '' ? 'nobody named' : user}
        <span class="under">
          {agent}
          {client !== '' && client !== agent && ` via ${client}`}
        </span>
      </td>
      <td data-label="What">
        <a id={`decision-${id}`} href={hrefToDecision(id)} class="row-link">
          {what === '' ? action.replaceAll('_', ' ') : what}
        </a>
        {action !== 'tool_call' && what !== '' && <span class="under">{action.replaceAll('_', ' ')}</span>}
      </td>
      <td data-label="Why">
        {reasons.length === 0 ? <Outcome outcome={outcome} effect={effect} /> : <Reasons reasons={reasons} />}
      </td>
      <td data-label="Decided in" class="number">
        {duration(decideUs)}
      </td>
    </tr>
  );
}

function Reasons({ reasons }: Pick<DecisionRow, 'reasons'>): JSX.Element {
  const [first = '', ...others] = reasons;
  return (
    <span title={reasons.join('\n')}>
      {reasonWords(first)}
      {others.length > 0 && <span class="muted"> and {others.length} more</span>}
    </span>
  );
}

function Outcome({ outcome, effect }: Pick<DecisionRow, 'outcome' | 'effect'>): JSX.Element {
  if (effect === 'pending') return <span class="muted">Somebody has to approve</span>;
  return <span class="muted">{OUTCOME_WORDS[outcome]}</span>;
}
