import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { AgainView } from '../../src/dashboard/api.ts';
import type { SealedRecord } from '../../src/core/record.ts';
import { isJsonObject } from '../../src/core/json.ts';
import { Card } from '../parts/card.tsx';
import { EffectBadge } from '../parts/effect-badge.tsx';
import { FailureNote } from '../parts/failure-note.tsx';
import { JsonEditor } from '../parts/json-editor.tsx';
import { useAct } from '../state/act.ts';
import { useDraft } from '../state/draft.ts';
import { reasonWords } from '../words/plain.ts';
import { problemInObject } from '../words/json-place.ts';

/** The same decision under what is in force now, as it was asked or with other arguments. Nothing is called. */
export function DecisionAgain({ record }: { record: SealedRecord }): JSX.Element {
  const act = useAct<AgainView>();
  const [isOpen, setOpen] = useState(false);
  const asked = JSON.stringify(argumentsOf(record), null, 2);
  const [text, setText] = useDraft(`again/${record.id}`, asked);
  const path = `decisions/${encodeURIComponent(record.id)}/again`;
  const problem = problemInObject(text);
  return (
    <Card title="What if?" about="Ask the rules that are in force now. Nothing is sent to any server." wide>
      <div class="actions actions--start">
        <button type="button" disabled={act.isBusy} onClick={() => void act.run(path, '{}', 'Decided again')}>
          Decide it again now
        </button>
        <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          Try with other arguments
        </button>
      </div>
      {isOpen && (
        <>
          <JsonEditor label="Arguments" text={text} initial={asked} onInput={setText} />
          <button
            type="button"
            class="main"
            disabled={act.isBusy || problem !== undefined}
            onClick={() => void act.run(path, `{"args":${text}}`, 'Tried with other arguments')}
          >
            Try these arguments
          </button>
        </>
      )}
      <FailureNote failure={act.failure} />
      {act.answer !== undefined && <Answer answer={act.answer} />}
    </Card>
  );
}

function argumentsOf({ input }: SealedRecord): unknown {
  const action: unknown = isJsonObject(input) ? input['action'] : undefined;
  return (isJsonObject(action) ? action['args'] : undefined) ?? {};
}

function Answer({ answer: { before, now, sentence, problem } }: { answer: AgainView }): JSX.Element {
  if (problem !== '') return <p class="problem">It cannot be decided again: {problem}</p>;
  return (
    <div class="again" role="status">
      <p>
        <span class="muted">Then</span> <EffectBadge effect={before.effect} />{' '}
        {before.reasons.map(reasonWords).join(', ')}
      </p>
      <p>
        <span class="muted">Now</span> <EffectBadge effect={now.effect} /> {now.reasons.map(reasonWords).join(', ')}
      </p>
      <p>{sentence}</p>
    </div>
  );
}
