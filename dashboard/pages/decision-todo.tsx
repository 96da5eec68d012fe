import type { JSX } from 'preact';
import type { DecisionView } from '../../src/dashboard/api.ts';
import { Card } from '../parts/card.tsx';
import { hrefTo } from '../words/addresses.ts';

/** Why, and what would help. */
export function DecisionTodo({ view: { explanation, record } }: { view: DecisionView }): JSX.Element {
  const { decided, because, remedies, would_allow: ways, warnings, obligations, lifted, shadow } = explanation;
  return (
    <>
      <Card title="Why" wide={record.effect === 'allow'}>
        <p>{decided}</p>
        <Lines lines={because} />
        <Lines title="Warnings" lines={warnings} />
        <Lines title="What comes with it" lines={obligations} />
        <Lines
          title="Exceptions that were used"
          lines={lifted.map(
            ({ denial, by, justification, requested_by, approved_by }) =>
              `${denial}, lifted by ${by}: ${justification} (asked for by ${requested_by}, approved by ${approved_by})`,
          )}
        />
        {shadow !== '' && <p class="muted">With the policies that only watch it would have been: {shadow}.</p>}
      </Card>
      {record.effect !== 'allow' && (
        <Card title="What to do">
          <Lines lines={remedies} />
          {record.effect === 'pending' && (
            <p>
              <a href={hrefTo(['approvals'])}>To the requests that wait</a>
            </p>
          )}
          <Lines title="It would have been allowed with" lines={ways.ways} />
          {ways.note !== '' && <p class="muted">{ways.note}</p>}
          {remedies.length + ways.ways.length === 0 && ways.note === '' && (
            <p class="muted">No rule says what would help. Ask the owner of the rule under “Why”.</p>
          )}
        </Card>
      )}
    </>
  );
}

function Lines({ title, lines }: { title?: string; lines: readonly string[] }): JSX.Element | null {
  if (lines.length === 0) return null;
  return (
    <>
      {title !== undefined && <h3>{title}</h3>}
      <ul class="lines">
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </>
  );
}
