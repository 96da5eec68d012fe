import type { JSX } from 'preact';
import type { HealthLine } from '../../src/dashboard/api.ts';
import { Badge, type Tone } from '../parts/badge.tsx';
import { Card } from '../parts/card.tsx';
import { Command } from '../parts/command.tsx';
import type { IconName } from '../parts/icon.tsx';
import { HEALTH_WORDS } from '../words/plain.ts';

const LOOKS: Readonly<Record<HealthLine['state'], { tone: Tone; icon: IconName; order: number }>> = {
  fail: { tone: 'deny', icon: 'deny', order: 0 },
  warn: { tone: 'pending', icon: 'warn', order: 1 },
  ok: { tone: 'allow', icon: 'allow', order: 2 },
};

/** What works and what does not, the worst first, each with its mend. */
export function Health({ lines }: { lines: readonly HealthLine[] }): JSX.Element {
  const sorted = lines.toSorted((one, other) => LOOKS[one.state].order - LOOKS[other.state].order);
  return (
    <Card title="Health">
      <ul class="list list--lines">
        {sorted.map(({ what, state, words, mend }) => (
          <li key={what}>
            <Badge {...LOOKS[state]}>{HEALTH_WORDS[state]}</Badge>
            <div>
              <strong>{what}</strong> {words}
              <Command line={mend} />
            </div>
          </li>
        ))}
      </ul>
    </Card>
  );
}
