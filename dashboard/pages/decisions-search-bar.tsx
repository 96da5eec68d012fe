import type { JSX } from 'preact';
import { useEffect, useId, useState } from 'preact/hooks';
import { Icon } from '../parts/icon.tsx';
import { refine } from '../state/route.ts';
import { formatSearch, parseSearch, type Terms } from '../words/search.ts';
import { SearchHelp } from './decisions-search-help.tsx';
import { SavedViews } from './decisions-saved-views.tsx';

interface SearchBarProps {
  readonly text: string;
  readonly problems: readonly string[];
  readonly isLive: boolean;
  readonly onSearch: (text: string) => void;
}

const QUICK: readonly { readonly name: string; readonly terms: Terms }[] = [
  { name: 'Denied today', terms: { effect: 'deny', since: '24h' } },
  { name: 'Waiting', terms: { effect: 'pending' } },
  { name: 'Last hour', terms: { since: '1h' } },
];

export function SearchBar({ text, problems, isLive, onSearch }: SearchBarProps): JSX.Element {
  const id = useId();
  const [draft, setDraft] = useState(text);
  // A saved view, a link or the browser's Back has changed the search.
  useEffect(() => setDraft(text), [text]);
  const submit = (event: Event): void => {
    event.preventDefault();
    // As people would write it: known words in their order.
    const { terms, problems: found } = parseSearch(draft);
    onSearch(found.length === 0 ? formatSearch(terms) : draft);
  };
  return (
    <search class="search">
      <form onSubmit={submit}>
        <label for={id} class="unseen">
          Search decisions
        </label>
        <input
          id={id}
          type="search"
          value={draft}
          placeholder="user:maria effect:deny tool:payments/* since:24h"
          autoComplete="off"
          spellcheck={false}
          aria-describedby={`${id}-help`}
          aria-invalid={problems.length > 0}
          onInput={({ currentTarget }) => setDraft(currentTarget.value)}
        />
        <button type="submit" class="main">
          Search
        </button>
        <button type="button" aria-pressed={isLive} onClick={() => refine({ live: isLive ? '' : '1' })}>
          <span class="live-dot" data-on={isLive} /> Live
        </button>
      </form>
      {problems.map((problem) => (
        <p key={problem} class="problem" role="alert">
          <Icon name="warn" /> {problem}
        </p>
      ))}
      <QuickSearches text={text} hasProblems={problems.length > 0} onSearch={onSearch} />
      <SearchHelp id={`${id}-help`} />
    </search>
  );
}

interface QuickSearchesProps extends Pick<SearchBarProps, 'text' | 'onSearch'> {
  readonly hasProblems: boolean;
}

function QuickSearches({ text, hasProblems, onSearch }: QuickSearchesProps): JSX.Element {
  return (
    <div class="search-foot">
      {QUICK.map(({ name, terms }) => (
        <button key={name} type="button" class="chip" onClick={() => onSearch(formatSearch(terms))}>
          {name}
        </button>
      ))}
      {text !== '' && (
        <button type="button" class="chip" onClick={() => onSearch('')}>
          Show all
        </button>
      )}
      <SavedViews search={hasProblems ? '' : text} onSearch={onSearch} />
    </div>
  );
}
