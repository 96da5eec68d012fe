import type { JSX } from 'preact';
import type { ChangesView } from '../../src/dashboard/api-policies.ts';
import { Empty } from '../parts/empty.tsx';
import { Page } from '../parts/page.tsx';
import { Shown } from '../parts/shown.tsx';
import { useLoad } from '../state/load.ts';
import { address } from '../state/route.ts';
import { may } from '../state/session.ts';
import { ChangeBegin } from './change-begin.tsx';
import { ChangeCard } from './change-card.tsx';
import { Generations } from './change-generations.tsx';

/** Often enough that a step that takes its time is seen to move. */
const AGAIN_MS = 2500;

/** From an idea to a rule in force, without a surprise on the way. */
export function ChangePage(): JSX.Element {
  const loaded = useLoad<ChangesView>('changes', AGAIN_MS);
  const [, id] = address.value.path;
  return (
    <Page
      title="Change a policy"
      about="Try a new version of a bundle on tests and on real calls before it counts. Every step is recorded with who took it."
    >
      {may('change') && <ChangeBegin again={loaded.again} />}
      <Shown loaded={loaded}>
        {({ changes, generations }) => (
          <>
            {changes.length === 0 && (
              <Empty title="No change is under way">
                <p>
                  {may('change')
                    ? 'Begin one above: name the bundle, and where its new version lies.'
                    : 'You may look. Who may change policies begins one here.'}
                </p>
              </Empty>
            )}
            {(id === undefined ? changes : changes.filter((change) => change.id === id)).map((change) => (
              <ChangeCard key={change.id} change={change} again={loaded.again} />
            ))}
            <Generations generations={generations} />
          </>
        )}
      </Shown>
    </Page>
  );
}
