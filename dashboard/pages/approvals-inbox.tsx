import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ApprovalView } from '../../src/dashboard/api-connected.ts';
import { Empty } from '../parts/empty.tsx';
import { announce } from '../state/announce.ts';
import { useKeys } from '../state/keys.ts';
import { useSelection } from '../state/selection.ts';
import { ApprovalCard } from './approvals-card.tsx';
import { type Answer, ApprovalQuestion } from './approvals-question.tsx';

interface InboxProps {
  readonly approvals: readonly ApprovalView[];
  readonly isWaiting: boolean;
  readonly again: () => void;
}

/** One decision may ask several people, each for an approval of its own. */
function keyOf({ id, by }: ApprovalView): string {
  return `${id}.${by}`;
}

/** j and k choose, a approves, d denies; both ask first. */
export function Inbox({ approvals, isWaiting, again }: InboxProps): JSX.Element {
  const chosen = useSelection(approvals.map(keyOf), 'approval');
  const [answer, setAnswer] = useState<Answer>();
  const ask = (verdict: Answer['verdict']): void => {
    const approval = approvals.find((one) => keyOf(one) === chosen);
    if (approval === undefined) announce('Choose a request first: j and k.');
    else if (!approval.mayAnswer) announce('This request is for somebody else to answer.');
    else setAnswer({ approval, verdict });
  };
  useKeys({ a: () => ask('approve'), d: () => ask('deny') });
  const close = (): void => {
    setAnswer(undefined);
    again();
  };
  if (approvals.length === 0) return <NoRequests isWaiting={isWaiting} />;
  return (
    <>
      {isWaiting && (
        <p class="muted keys-line">
          <kbd>j</kbd> <kbd>k</kbd> choose, <kbd>a</kbd> approve, <kbd>d</kbd> deny
        </p>
      )}
      <ul class="inbox" aria-label="Requests">
        {approvals.map((approval) => (
          <li key={keyOf(approval)}>
            <ApprovalCard
              id={`approval-${keyOf(approval)}`}
              approval={approval}
              isChosen={keyOf(approval) === chosen}
              onAnswer={(verdict) => setAnswer({ approval, verdict })}
            />
          </li>
        ))}
      </ul>
      {answer !== undefined && <ApprovalQuestion {...answer} onClose={close} />}
    </>
  );
}

function NoRequests({ isWaiting }: { isWaiting: boolean }): JSX.Element {
  return isWaiting ? (
    <Empty title="Nothing waits for you">
      <p>
        When a rule asks for a person, the call appears here by itself, with what it would do. You can leave this open.
      </p>
    </Empty>
  ) : (
    <Empty title="There is none of these">
      <p>Requests that were answered, used or have run out are kept here for as long as the log keeps them.</p>
    </Empty>
  );
}
