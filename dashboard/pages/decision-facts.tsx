import type { JSX } from 'preact';
import type { DecisionView } from '../../src/dashboard/api.ts';
import { Card } from '../parts/card.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { OUTCOME_WORDS } from '../words/plain.ts';

/** What finds the decision elsewhere, and what proves it. */
export function DecisionFacts({ view: { record, explanation } }: { view: DecisionView }): JSX.Element {
  const facts: readonly (readonly [string, string])[] = [
    ['Decision', record.id],
    ['Afterwards', `${OUTCOME_WORDS[record.outcome?.status ?? ''] || 'No result'}: ${explanation.afterwards}`],
    ['Session', record.session],
    ['Trace', record.trace_id],
    ['Policy in force', record.generation],
    ['Place in the log', `${record.seq} of chain ${record.chain}`],
    ['Hash', record.hash],
    [
      'Checked again',
      explanation.follows
        ? 'The decision follows from what the record says the bundles said.'
        : 'The decision does NOT follow from its record: run mcp-gateway decision verify.',
    ],
  ];
  return (
    <Card title="Evidence" wide>
      <dl class="pairs pairs--facts">
        {facts
          .filter(([, value]) => value !== '')
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                {value}
                {/^[0-9a-f-]{16,}$/.test(value) && <CopyButton text={value} what={name.toLowerCase()} />}
              </dd>
            </div>
          ))}
      </dl>
    </Card>
  );
}
