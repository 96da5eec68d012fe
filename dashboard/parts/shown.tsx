import type { JSX } from 'preact';
import type { Loaded } from '../state/load.ts';
import { FailureNote } from './failure-note.tsx';

interface ShownProps<View> {
  readonly loaded: Loaded<View>;
  readonly children: (view: View) => JSX.Element;
}

/** What was asked for, or that it is coming, or why it did not come; what came before stays while the next fails. */
export function Shown<View>({ loaded: { view, failure, again }, children }: ShownProps<View>): JSX.Element {
  return (
    <>
      <FailureNote failure={failure} again={again} />
      {view !== undefined && children(view)}
      {view === undefined && failure === undefined && (
        <p class="loading" role="status">
          Loading …
        </p>
      )}
    </>
  );
}
