import type { JSX } from 'preact';
import type { ChangeView } from '../../src/dashboard/api-policies.ts';
import { Badge, type Tone } from '../parts/badge.tsx';

const WORDS: Readonly<Record<ChangeView['rules'][number]['change'], readonly [string, Tone]>> = {
  new: ['New', 'allow'],
  gone: ['Gone', 'deny'],
  other: ['Changed', 'pending'],
};

/** Which rules are other than before, in words. */
export function ChangeRules({ rules }: Pick<ChangeView, 'rules'>): JSX.Element {
  if (rules.length === 0) return <p class="muted">No rule says anything else than before.</p>;
  return (
    <ul class="list list--lines">
      {rules.map(({ change, rule, title }) => (
        <li key={rule}>
          <Badge tone={WORDS[change][1]}>{WORDS[change][0]}</Badge>
          <div>
            {title === '' ? rule : title} <code class="muted">{rule}</code>
          </div>
        </li>
      ))}
    </ul>
  );
}
