import type { JSX } from 'preact';
import { useId } from 'preact/hooks';
import type { PoliciesView } from '../../src/dashboard/api-policies.ts';
import { Card } from '../parts/card.tsx';
import { FailureNote } from '../parts/failure-note.tsx';
import { useAct } from '../state/act.ts';
import { useDraft } from '../state/draft.ts';
import { useLoad } from '../state/load.ts';

/** Which bundle, and where its new version lies. */
export function ChangeBegin({ again }: { again: () => void }): JSX.Element {
  const id = useId();
  const { view } = useLoad<PoliciesView>('policies');
  const act = useAct();
  const [bundle, setBundle] = useDraft('change/bundle');
  const [source, setSource] = useDraft('change/source');
  const names = view?.bundles.map((row) => row.id) ?? [];
  const begin = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!(await act.run('changes', JSON.stringify({ bundle, source }), `Proposed for ${bundle}. Next: its tests.`)))
      return;
    setBundle('');
    setSource('');
    again();
  };
  return (
    <Card title="Begin a change" wide>
      <form class="fields" onSubmit={(event) => void begin(event)}>
        <div>
          <label for={`${id}-bundle`}>Bundle</label>
          <select
            id={`${id}-bundle`}
            required
            value={bundle}
            onChange={({ currentTarget }) => setBundle(currentTarget.value)}
          >
            <option value="">Choose …</option>
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </div>
        <div class="grow">
          <label for={`${id}-source`}>Its new version</label>
          <input
            id={`${id}-source`}
            required
            value={source}
            placeholder="./policies/payments"
            spellcheck={false}
            autoComplete="off"
            aria-describedby={`${id}-help`}
            onInput={({ currentTarget }) => setSource(currentTarget.value)}
          />
        </div>
        <button type="submit" class="main" disabled={act.isBusy}>
          Begin
        </button>
      </form>
      <p class="muted" id={`${id}-help`}>
        A folder or a .tar.gz on the machine of the gateway, relative to its configuration. Nothing changes yet.
      </p>
      <FailureNote failure={act.failure} />
    </Card>
  );
}
