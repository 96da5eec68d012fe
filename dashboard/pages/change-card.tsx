import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ChangeView } from '../../src/dashboard/api-policies.ts';
import { Badge, type Tone } from '../parts/badge.tsx';
import { Card } from '../parts/card.tsx';
import { FailureNote } from '../parts/failure-note.tsx';
import { useAct } from '../state/act.ts';
import { may } from '../state/session.ts';
import { type Deed, nextDeeds } from '../words/change-steps.ts';
import { shortHash } from '../words/numbers.ts';
import { CHANGE_STATE_WORDS } from '../words/plain.ts';
import { ChangeHistory } from './change-history.tsx';
import { ChangeImpact } from './change-impact.tsx';
import { ChangeQuestion } from './change-question.tsx';
import { ChangeRules } from './change-rules.tsx';
import { ChangeWay } from './change-way.tsx';

const TONES: Readonly<Partial<Record<ChangeView['state'], Tone>>> = { enforced: 'allow', rolled_back: 'deny' };

/** One change: where it is, what is known of it, and what can be done now. */
export function ChangeCard({ change, again }: { change: ChangeView; again: () => void }): JSX.Element {
  const { id, bundle, source, digest, state, tests, shadow, running, problem = '' } = change;
  const [asked, setAsked] = useState<Deed>();
  const act = useAct();
  const take = async (deed: Deed, reason: string): Promise<boolean> => {
    const path = `changes/${encodeURIComponent(id)}/${deed.step}`;
    const isDone = await act.run(path, JSON.stringify(reason === '' ? {} : { reason }), `Done: ${deed.name}`);
    if (isDone) setAsked(undefined);
    again();
    return isDone;
  };
  return (
    <Card title={bundle} wide aside={<Badge tone={TONES[state] ?? 'plain'}>{CHANGE_STATE_WORDS[state]}</Badge>}>
      <p class="muted path">
        {source} <code>{shortHash(digest)}</code>
      </p>
      <ChangeWay state={state} />
      <ChangeRules rules={change.rules} />
      {tests !== undefined && <Tests tests={tests} />}
      <ChangeImpact change={change} />
      {shadow !== undefined && (
        <p>
          Watching live: {shadow.seen} calls seen, {shadow.wouldChange} would have been decided otherwise.
        </p>
      )}
      {problem !== '' && <p class="problem">{problem}</p>}
      {asked === undefined && <FailureNote failure={act.failure} />}
      {may('change') && (
        <div class="actions actions--start">
          {nextDeeds(change).map((deed, index) => (
            <button
              key={deed.step}
              type="button"
              class={index === 0 && deed.step !== 'drop' ? 'main' : undefined}
              disabled={act.isBusy || running !== undefined}
              onClick={() => (deed.about === '' ? void take(deed, '') : setAsked(deed))}
            >
              {deed.name}
              {deed.about !== '' && ' …'}
            </button>
          ))}
          {(act.isBusy || running !== undefined) && <span role="status">{running?.words ?? 'Working …'}</span>}
        </div>
      )}
      <ChangeHistory steps={change.steps} />
      {asked !== undefined && (
        <ChangeQuestion
          change={change}
          deed={asked}
          act={act}
          onYes={(reason) => take(asked, reason)}
          onNo={() => setAsked(undefined)}
        />
      )}
    </Card>
  );
}

function Tests({ tests: { passed, failed, problems } }: { tests: NonNullable<ChangeView['tests']> }): JSX.Element {
  return (
    <>
      <p>
        <Badge tone={failed === 0 ? 'allow' : 'deny'} icon={failed === 0 ? 'allow' : 'deny'}>
          {failed === 0 ? 'Tests pass' : 'Tests fail'}
        </Badge>{' '}
        {passed} passed, {failed} failed.
      </p>
      {problems.length > 0 && (
        <ul class="lines">
          {problems.map((problem) => (
            <li key={problem}>{problem}</li>
          ))}
        </ul>
      )}
    </>
  );
}
