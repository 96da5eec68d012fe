import type { JSX } from 'preact';
import type { ChangeView } from '../../src/dashboard/api-policies.ts';
import { CHANGE_WAY } from '../words/change-steps.ts';
import { CHANGE_STATE_WORDS } from '../words/plain.ts';

/** The steps of every change, and how far this one has come. */
export function ChangeWay({ state }: Pick<ChangeView, 'state'>): JSX.Element | null {
  const at = CHANGE_WAY.findIndex((step) => step === state);
  if (at === -1) return null;
  return (
    <ol class="way" aria-label="How far it is">
      {CHANGE_WAY.map((step, index) => (
        <li key={step} data-state={index <= at ? 'done' : 'open'} aria-current={index === at ? 'step' : undefined}>
          {CHANGE_STATE_WORDS[step]}
        </li>
      ))}
    </ol>
  );
}
