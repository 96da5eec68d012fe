import type { JSX } from 'preact';
import type { RuleSource } from '../../src/dashboard/api.ts';
import { Card } from '../parts/card.tsx';

/** The lines of the rules that decided, for those who want to see them. */
export function DecisionSources({ sources }: { sources: readonly RuleSource[] }): JSX.Element | null {
  if (sources.length === 0) return null;
  return (
    <Card title="The rules as they are written" wide>
      {sources.map((source) => (
        <figure key={source.rule} class="source">
          <figcaption>
            <strong>{source.rule}</strong>{' '}
            <span class="muted">
              {source.file}, line {source.row}
            </span>
          </figcaption>
          <SourceLines source={source} />
        </figure>
      ))}
    </Card>
  );
}

function SourceLines({ source: { rule, text, row, firstRow } }: { source: RuleSource }): JSX.Element {
  if (text === '') return <p class="muted">This version of the bundle is not kept any more.</p>;
  return (
    <pre class="code numbered" tabIndex={0} role="group" aria-label={`Source of ${rule}`}>
      {text
        .replace(/\n$/, '')
        .split('\n')
        .map((line, index) => (
          <span key={index} class={firstRow + index === row ? 'code-line code-line--here' : 'code-line'}>
            <span class="code-row">{firstRow + index}</span>
            {`${line}\n`}
          </span>
        ))}
    </pre>
  );
}
