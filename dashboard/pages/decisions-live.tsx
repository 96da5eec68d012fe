import type { JSX } from 'preact';
import { Empty } from '../parts/empty.tsx';
import { useLive } from '../state/live.ts';
import { DecisionsTable } from './decisions-table.tsx';

/** Decisions as they are made; a screen reader is told how many came, not each. */
export function LiveRows({ parameters }: { parameters: string }): JSX.Element {
  const { state, rows } = useLive(parameters, true);
  return (
    <>
      <p class="muted live-state">
        {state === 'on' ? 'Live: new decisions appear at the top.' : 'Connecting to the live view …'}
      </p>
      {rows.length === 0 ? (
        <Empty title="Waiting for the next decision">
          <p>It appears here as soon as an agent asks for something that fits the search.</p>
        </Empty>
      ) : (
        <DecisionsTable rows={rows} caption="Decisions as they are made, newest first" />
      )}
    </>
  );
}
