import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { DecisionRow, DecisionsView } from '../../src/dashboard/api.ts';
import { Command } from '../parts/command.tsx';
import { Empty } from '../parts/empty.tsx';
import { Shown } from '../parts/shown.tsx';
import { useLoad } from '../state/load.ts';
import { DecisionsTable } from './decisions-table.tsx';

const PAGE_ROWS = 50;

/** Page after page towards the past, each asked for by where the one before it ended. */
export function OlderRows({ parameters, isFiltered }: { parameters: string; isFiltered: boolean }): JSX.Element {
  const [before, setBefore] = useState<number>();
  const [rows, setRows] = useState<readonly DecisionRow[]>([]);
  const asked = [parameters, `limit=${PAGE_ROWS}`, before === undefined ? '' : `before=${before}`];
  const loaded = useLoad<DecisionsView>(`decisions?${asked.filter((part) => part !== '').join('&')}`);
  const { view } = loaded;
  useEffect(() => {
    if (view === undefined) return;
    setRows((shown) => [...shown.filter(({ seq }) => before !== undefined && seq >= before), ...view.rows]);
    // A part of a long log in which nothing matches ends a page, too.
    if (view.rows.length === 0 && view.next !== undefined) setBefore(view.next);
  }, [view]);
  return (
    <Shown loaded={loaded}>
      {({ rows: newest, next }) => {
        if (rows.length === 0 && newest.length === 0) {
          return next === undefined ? (
            <NoRows isFiltered={isFiltered} />
          ) : (
            <p class="table-end muted">Looking further back…</p>
          );
        }
        return (
          <>
            <DecisionsTable rows={rows.length === 0 ? newest : rows} caption="Decisions, newest first" />
            {next === undefined ? (
              <p class="table-end muted">That is all.</p>
            ) : (
              <button type="button" class="table-end" disabled={loaded.isLoading} onClick={() => setBefore(next)}>
                Show older
              </button>
            )}
          </>
        );
      }}
    </Shown>
  );
}

function NoRows({ isFiltered }: { isFiltered: boolean }): JSX.Element {
  return isFiltered ? (
    <Empty title="Nothing matches">
      <p>Take a word out of the search, or choose a longer time, such as since:30d.</p>
    </Empty>
  ) : (
    <Empty title="No decision yet">
      <p>
        Connect a client and ask it to use a tool: <Command line="mcp-gateway connect" />
      </p>
    </Empty>
  );
}
