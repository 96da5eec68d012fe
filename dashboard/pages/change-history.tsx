import type { JSX } from 'preact';
import type { ChangeStep } from '../../src/dashboard/api-policies.ts';
import { More } from '../parts/more.tsx';
import { Time } from '../parts/time.tsx';
import { CHANGE_STATE_WORDS, personWords } from '../words/plain.ts';

/** Who took which step, when and why. */
export function ChangeHistory({ steps }: { steps: readonly ChangeStep[] }): JSX.Element {
  return (
    <More title="Who did what">
      <ol class="lines">
        {steps.map(({ step, time, person, reason }) => (
          <li key={`${step} ${time}`}>
            <Time at={time} /> {personWords(person)}: {wordsOf(step)}
            {reason !== '' && ` (${reason})`}
          </li>
        ))}
      </ol>
    </More>
  );
}

function wordsOf(step: string): string {
  const words: Readonly<Record<string, string>> = CHANGE_STATE_WORDS;
  return (words[step] ?? step.replaceAll('_', ' ')).toLowerCase();
}
