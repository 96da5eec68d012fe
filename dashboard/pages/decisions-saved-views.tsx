import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Icon } from '../parts/icon.tsx';
import { announce } from '../state/announce.ts';
import { forgetView, saveView, views } from '../state/views.ts';

/** Searches kept in this browser under names. */
export function SavedViews({ search, onSearch }: { search: string; onSearch: (text: string) => void }): JSX.Element {
  return (
    <>
      {views.value.map((view) => (
        <span key={view.name} class="chip chip--saved">
          <button type="button" title={view.search} onClick={() => onSearch(view.search)}>
            {view.name}
          </button>
          <button type="button" aria-label={`Forget the view ${view.name}`} onClick={() => forgetView(view.name)}>
            <Icon name="deny" />
          </button>
        </span>
      ))}
      {search !== '' && !views.value.some((view) => view.search === search) && <SaveView search={search} />}
    </>
  );
}

function SaveView({ search }: { search: string }): JSX.Element {
  const [name, setName] = useState<string>();
  if (name === undefined) {
    return (
      <button type="button" class="chip" onClick={() => setName('')}>
        Save this search …
      </button>
    );
  }
  const save = (event: Event): void => {
    event.preventDefault();
    saveView({ name: name.trim(), search });
    announce(`Saved as ${name.trim()}`);
  };
  return (
    <form class="inline-form" onSubmit={save}>
      <input
        aria-label="Name of the saved search"
        placeholder="Name"
        required
        pattern=".*\S.*"
        maxLength={40}
        value={name}
        ref={(field) => field?.focus()}
        onInput={({ currentTarget }) => setName(currentTarget.value)}
        onKeyDown={({ key }) => key === 'Escape' && setName(undefined)}
      />
      <button type="submit">Save</button>
    </form>
  );
}
