import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { Page } from '../parts/page.tsx';
import { nowMs } from '../state/clock.ts';
import { address, refine } from '../state/route.ts';
import { parseSearch, searchParameters } from '../words/search.ts';
import { ExportLinks } from './decisions-export.tsx';
import { LiveRows } from './decisions-live.tsx';
import { SearchBar } from './decisions-search-bar.tsx';
import { OlderRows } from './decisions-older.tsx';

/** The log: search, watch live, export. What is searched stands in the address. */
export function DecisionsPage(): JSX.Element {
  const { query } = address.value;
  const text = query.get('q') ?? '';
  const isLive = query.get('live') === '1';
  const { terms, problems } = useMemo(() => parseSearch(text), [text]);
  const [searchedAt, setSearchedAt] = useState(nowMs);
  const parameters = useMemo(() => searchParameters(terms, searchedAt).toString(), [terms, searchedAt]);
  const search = (next: string): void => {
    refine({ q: next });
    setSearchedAt(nowMs());
  };
  return (
    <Page
      title="Decisions"
      about="Everything agents asked for, newest first. Choose one to see why it was decided so."
      actions={<ExportLinks parameters={parameters} />}
    >
      <SearchBar text={text} problems={problems} isLive={isLive} onSearch={search} />
      {problems.length === 0 && isLive && <LiveRows parameters={parameters} />}
      {problems.length === 0 && !isLive && (
        <OlderRows key={parameters} parameters={parameters} isFiltered={text !== ''} />
      )}
    </Page>
  );
}
