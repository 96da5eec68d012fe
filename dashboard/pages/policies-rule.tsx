import type { JSX } from 'preact';
import type { RuleRow } from '../../src/dashboard/api-policies.ts';
import { Badge, type Tone } from '../parts/badge.tsx';
import { lookUp } from '../words/look-up.ts';
import { MODE_WORDS } from '../words/plain.ts';

/** What a rule does, by what it produces. */
const KINDS: Readonly<Record<string, readonly [string, Tone]>> = {
  allow: ['Allows', 'allow'],
  deny: ['Refuses', 'deny'],
  hide: ['Hides', 'deny'],
  obligations: ['Demands', 'pending'],
  permit: ['Excepts', 'plain'],
  labels: ['Marks', 'plain'],
  capabilities: ['Limits', 'plain'],
};

export function RuleItem({ bundle, rule }: { bundle: string; rule: RuleRow }): JSX.Element {
  const { id, kind, title, description, remediation, control, owner, mode } = rule;
  const [word, tone] = lookUp(KINDS, kind) ?? [kind, 'plain'];
  return (
    <li class="rule">
      <div class="rule-head">
        <Badge tone={tone}>{word}</Badge>
        <strong>{title === '' ? id : title}</strong>
        {mode !== 'enforce' && <Badge tone="pending">{MODE_WORDS[mode]}</Badge>}
      </div>
      {description !== '' && <p>{description}</p>}
      {remediation !== '' && (
        <p>
          <span class="muted">Instead:</span> {remediation}
        </p>
      )}
      <p class="muted rule-foot">
        <code>
          {bundle}/{id}
        </code>
        {control.length > 0 && <span>{control.join(', ')}</span>}
        {owner !== '' && <span>Owner: {owner}</span>}
      </p>
    </li>
  );
}
