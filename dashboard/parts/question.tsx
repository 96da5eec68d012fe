import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import type { Failure } from '../../src/dashboard/api.ts';
import { useDraft } from '../state/draft.ts';
import { FailureNote } from './failure-note.tsx';

export interface QuestionProps {
  readonly title: string;
  readonly children: ComponentChildren;
  /** What the button that does it says: the deed, never `OK`. */
  readonly deed: string;
  readonly tone: 'allow' | 'deny' | 'plain';
  /** What the note is for. */
  readonly note: string;
  readonly needsNote: boolean;
  /** Under which the note is kept while it is typed. */
  readonly draft: string;
  readonly isBusy: boolean;
  readonly failure: Failure | undefined;
  /** Gets the note. */
  readonly onYes: (note: string) => Promise<boolean>;
  readonly onNo: () => void;
}

/** Asks before something is done, with a note that stands in the record. Esc and Cancel do nothing and keep the note. */
export function Question(props: QuestionProps): JSX.Element {
  const { title, children, deed, tone, note, needsNote, isBusy, failure, onYes, onNo } = props;
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useDraft(props.draft);
  useEffect(() => dialog.current?.showModal(), []);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (await onYes(text.trim())) setText('');
  };
  return (
    <dialog ref={dialog} aria-labelledby={`${id}-title`} onClose={onNo}>
      <form onSubmit={(event) => void submit(event)}>
        <h2 id={`${id}-title`}>{title}</h2>
        {children}
        <label for={`${id}-note`}>
          {note} {!needsNote && <span class="muted">(optional)</span>}
        </label>
        <textarea
          id={`${id}-note`}
          rows={2}
          required={needsNote}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <FailureNote failure={failure} />
        <div class="actions">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class={`deed deed--${tone}`} disabled={isBusy}>
            {deed}
          </button>
        </div>
      </form>
    </dialog>
  );
}
