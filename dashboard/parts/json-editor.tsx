import type { JSX } from 'preact';
import { useId, useRef } from 'preact/hooks';
import { problemInObject } from '../words/json-place.ts';

interface JsonEditorProps {
  readonly label: string;
  readonly text: string;
  /** What it began with, to go back to. */
  readonly initial: string;
  readonly onInput: (text: string) => void;
}

/** JSON to be changed by hand; it says in which row and column it stops being JSON, and leads there. */
export function JsonEditor({ label, text, initial, onInput }: JsonEditorProps): JSX.Element {
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const problem = problemInObject(text);
  const goThere = (): void => {
    if (problem === undefined || field.current === null) return;
    const before = text.split('\n').slice(0, problem.row - 1);
    const at = before.reduce((sum, line) => sum + line.length + 1, problem.column - 1);
    field.current.focus();
    field.current.setSelectionRange(at, at + 1);
  };
  return (
    <div class="editor">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        ref={field}
        class="mono"
        rows={Math.min(16, Math.max(4, text.split('\n').length + 1))}
        spellcheck={false}
        value={text}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-problem`}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
      <div class="editor-foot" id={`${id}-problem`} aria-live="polite">
        {problem === undefined ? (
          <span class="muted">This is JSON.</span>
        ) : (
          <button type="button" class="problem" onClick={goThere}>
            Line {problem.row}, column {problem.column}: expected {problem.words}
          </button>
        )}
        {text !== initial && (
          <button type="button" class="quiet" onClick={() => onInput(initial)}>
            Back to what was asked
          </button>
        )}
      </div>
    </div>
  );
}
