import type { JSX } from 'preact';
import { SEARCH_KEYS } from '../words/search.ts';

/** Every word that can stand before a colon. */
export function SearchHelp({ id }: { id: string }): JSX.Element {
  return (
    <details class="more" id={id}>
      <summary>How to search</summary>
      <dl class="pairs">
        {Object.entries(SEARCH_KEYS).map(([key, words]) => (
          <div key={key}>
            <dt>
              <code>{key}:</code>
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
