import type { JSX } from 'preact';
import type { OverviewView } from '../../src/dashboard/api.ts';
import { Card } from '../parts/card.tsx';
import { hrefToDecisions } from '../words/addresses.ts';
import { countOf } from '../words/numbers.ts';
import { reasonWords } from '../words/plain.ts';

const KINDS = { reason: 'Reason', tool: 'Tool', user: 'User', agent: 'Agent' } as const;

/** What nobody had seen before the last 24 hours. */
export function Fresh({ view: { fresh } }: { view: OverviewView }): JSX.Element {
  return (
    <Card title="New since yesterday" about="Never seen before the last 24 hours.">
      {fresh.length === 0 && <p class="muted">Nothing new: every reason, tool, user and agent was seen before.</p>}
      <ul class="list">
        {fresh.map(({ kind, name, count }) => (
          <li key={`${kind} ${name}`}>
            <a href={hrefToDecisions({ [kind]: name, since: '24h' })} title={name}>
              <span class="muted">{KINDS[kind]}</span> {kind === 'reason' ? reasonWords(name) : name}
            </a>
            <span class="muted">{countOf(count, 'time')}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
