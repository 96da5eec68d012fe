import type { JSX } from 'preact';
import type { ApprovalView } from '../../src/dashboard/api-connected.ts';
import { Badge, type Tone } from '../parts/badge.tsx';
import { JsonView } from '../parts/json-view.tsx';
import { Time } from '../parts/time.tsx';
import { hrefToDecision, hrefToDecisions } from '../words/addresses.ts';
import { approverWords, personWords } from '../words/plain.ts';
import { Countdown } from './approvals-countdown.tsx';

interface ApprovalCardProps {
  readonly id: string;
  readonly approval: ApprovalView;
  readonly isChosen: boolean;
  readonly onAnswer: (verdict: 'approve' | 'deny') => void;
}

const STATUS: Readonly<Record<ApprovalView['status'], readonly [string, Tone]>> = {
  pending: ['Waiting', 'pending'],
  approved: ['Approved', 'allow'],
  denied: ['Denied', 'deny'],
  used: ['Approved and used', 'allow'],
  expired: ['Not answered in time', 'plain'],
};

/** Who wants what with exactly which arguments, why a person is asked, and for how long. */
export function ApprovalCard({ id, approval, isChosen, onAnswer }: ApprovalCardProps): JSX.Element {
  const { status, server, tool, about, user, agent, client, why, created, quorum, remember, mayAnswer, by } = approval;
  const [word, tone] = STATUS[status];
  return (
    <article id={id} tabIndex={-1} class="card request" data-chosen={isChosen} aria-labelledby={`${id}-title`}>
      <div class="card-head">
        <h2 id={`${id}-title`}>
          {user} wants to use <code>{[server, tool || about].filter((part) => part !== '').join('/')}</code>
        </h2>
        {status === 'pending' ? <Countdown approval={approval} /> : <Badge tone={tone}>{word}</Badge>}
      </div>
      <p class="muted">
        Agent {agent} in {client}, asked <Time at={created} />. For {approverWords(by)} to answer
        {quorum > 1 && `; ${quorum} people have to approve`}
        {remember === 'session' && '; the answer holds for this session'}
        {remember === 'pin' && '; the answer holds until the tool changes'}.
      </p>
      {why.length > 0 && (
        <ul class="lines">
          {why.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
      <JsonView value={approval.arguments} label="Exactly these arguments" />
      <Votes votes={approval.votes} />
      <div class="actions actions--spread">
        <span class="link-pair">
          <a href={hrefToDecision(approval.id)}>The decision</a>
          <a href={hrefToDecisions({ user, since: '7d' })}>What {user} asked before</a>
        </span>
        {status === 'pending' && mayAnswer && (
          <span class="actions">
            <button type="button" class="deed deed--deny" onClick={() => onAnswer('deny')}>
              Deny …
            </button>
            <button type="button" class="deed deed--allow" onClick={() => onAnswer('approve')}>
              Approve …
            </button>
          </span>
        )}
        {status === 'pending' && !mayAnswer && <span class="muted">You may look, but not answer this one.</span>}
      </div>
    </article>
  );
}

function Votes({ votes }: Pick<ApprovalView, 'votes'>): JSX.Element | null {
  if (votes.length === 0) return null;
  return (
    <ul class="lines">
      {votes.map(({ person, verdict, time, reason }) => (
        <li key={`${person} ${time}`}>
          {personWords(person)} {verdict === 'approve' ? 'approved' : 'denied'} <Time at={time} />
          {reason !== '' && `: ${reason}`}
        </li>
      ))}
    </ul>
  );
}
