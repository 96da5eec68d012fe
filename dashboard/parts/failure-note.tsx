import type { JSX } from 'preact';
import type { Failure } from '../../src/dashboard/api.ts';
import { Icon } from './icon.tsx';

interface FailureNoteProps {
  readonly failure: Failure | undefined;
  readonly again?: () => void;
}

/** What happened, and the mend. */
export function FailureNote({ failure, again }: FailureNoteProps): JSX.Element | null {
  if (failure === undefined) return null;
  return (
    <div class="note note--deny" role="alert">
      <Icon name="warn" />
      <div>
        <strong>{failure.message}</strong>
        {failure.mend !== '' && <p>{failure.mend}</p>}
        {again !== undefined && (
          <button type="button" onClick={again}>
            Try again
          </button>
        )}
      </div>
    </div>
  );
}
