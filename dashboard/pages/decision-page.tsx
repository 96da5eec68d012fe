import type { JSX } from 'preact';
import type { DecisionView } from '../../src/dashboard/api.ts';
import { Card } from '../parts/card.tsx';
import { EffectBadge } from '../parts/effect-badge.tsx';
import { JsonView } from '../parts/json-view.tsx';
import { More } from '../parts/more.tsx';
import { Page } from '../parts/page.tsx';
import { Shown } from '../parts/shown.tsx';
import { Time } from '../parts/time.tsx';
import { useLoad } from '../state/load.ts';
import { DecisionAgain } from './decision-again.tsx';
import { DecisionCase } from './decision-case.tsx';
import { DecisionFacts } from './decision-facts.tsx';
import { DecisionRead } from './decision-read.tsx';
import { DecisionSources } from './decision-sources.tsx';
import { DecisionSteps } from './decision-steps.tsx';
import { DecisionTodo } from './decision-todo.tsx';

/** One decision: the sentence first, then what to do, then why, then everything else. */
export function DecisionPage({ id }: { id: string }): JSX.Element {
  const loaded = useLoad<DecisionView>(`decisions/${encodeURIComponent(id)}`);
  const title = loaded.view?.explanation.sentence ?? 'Decision';
  return (
    <Page title={title} about={<About view={loaded.view} />}>
      <Shown loaded={loaded}>{(view) => <Parts view={view} />}</Shown>
    </Page>
  );
}

function About({ view }: { view: DecisionView | undefined }): JSX.Element {
  return (
    <>
      <a href="#/decisions">Decisions</a>
      {view !== undefined && (
        <>
          {' · '}
          <EffectBadge effect={view.record.effect} /> <Time at={view.record.time} /> · {view.explanation.who}
        </>
      )}
    </>
  );
}

function Parts({ view }: { view: DecisionView }): JSX.Element {
  const { record, told } = view;
  return (
    <div class="grid">
      <DecisionTodo view={view} />
      {told !== '' && (
        <Card title="What the agent was told" wide>
          <blockquote class="told">{told}</blockquote>
        </Card>
      )}
      <DecisionSteps view={view} />
      <DecisionSources sources={view.sources} />
      <DecisionRead view={view} />
      <DecisionAgain record={record} />
      <DecisionCase id={record.id} />
      <DecisionFacts view={view} />
      <Card title="The record itself" wide>
        <More title="As it lies in the log, as JSON">
          <JsonView value={record} label="The record as JSON" />
        </More>
      </Card>
    </div>
  );
}
