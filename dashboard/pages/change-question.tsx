import type { JSX } from 'preact';
import type { ChangeView } from '../../src/dashboard/api-policies.ts';
import { Question } from '../parts/question.tsx';
import type { Act } from '../state/act.ts';
import type { Deed } from '../words/change-steps.ts';
import { countOf } from '../words/numbers.ts';

interface ChangeQuestionProps {
  readonly change: ChangeView;
  readonly deed: Deed;
  readonly act: Act<unknown>;
  readonly onYes: (reason: string) => Promise<boolean>;
  readonly onNo: () => void;
}

/** Before a step that others feel: what it does, and why it is taken. */
export function ChangeQuestion({ change, deed, act, onYes, onNo }: ChangeQuestionProps): JSX.Element {
  const { id, bundle, state, replay } = change;
  const opened = replay?.classes['deny_to_allow'] ?? 0;
  return (
    <Question
      title={`${deed.name}: ${bundle}?`}
      deed={deed.name}
      tone={deed.step === 'rollback' || deed.step === 'drop' ? 'deny' : 'plain'}
      note="Why, for the record"
      needsNote={deed.needsReason}
      draft={`change/${id}/${deed.step}`}
      isBusy={act.isBusy}
      failure={act.failure}
      onYes={onYes}
      onNo={onNo}
    >
      <p>{deed.about}</p>
      {deed.step === 'enforce' && opened > 0 && (
        <p class="problem">{countOf(opened, 'recorded call')} that was denied would be allowed.</p>
      )}
      {deed.step === 'enforce' && state === 'replayed' && <p class="muted">It has not watched live calls yet.</p>}
    </Question>
  );
}
