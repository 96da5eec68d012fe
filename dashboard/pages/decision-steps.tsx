import type { JSX } from 'preact';
import type { DecisionView } from '../../src/dashboard/api.ts';
import type { Layer } from '../../src/core/opinion.ts';
import { Card } from '../parts/card.tsx';
import { LAYER_WORDS } from '../words/plain.ts';

/** One step for each bundle that was asked, in the order in which they count. */
export function DecisionSteps({ view: { explanation } }: { view: DecisionView }): JSX.Element {
  return (
    <Card title="Step by step" wide about={<span class="sentence">{explanation.timing}.</span>}>
      <ol class="steps">
        {explanation.steps.map(({ layer, bundle, said, ms }) => (
          <li key={`${layer} ${bundle}`} class={toneOf(said)}>
            <div class="step-head">
              <strong>{nameOf(layer)}</strong>
              {bundle !== '' && bundle !== layer && <code>{bundle}</code>}
              {ms !== '' && <span class="muted">{ms} ms</span>}
            </div>
            <p>{said}</p>
          </li>
        ))}
      </ol>
    </Card>
  );
}

function nameOf(layer: string): string {
  return Object.hasOwn(LAYER_WORDS, layer) ? LAYER_WORDS[layer as Layer].name : 'The gateway itself';
}

function toneOf(said: string): string {
  if (/\bDENY\b/.test(said)) return 'step--deny';
  return /\b(allow|permit)\b/i.test(said) ? 'step--allow' : 'step--plain';
}
