import type { JSX } from 'preact';
import type { ApprovalView } from '../../src/dashboard/api-connected.ts';
import { JsonView } from '../parts/json-view.tsx';
import { Question } from '../parts/question.tsx';
import { useAct } from '../state/act.ts';

export interface Answer {
  readonly approval: ApprovalView;
  readonly verdict: 'approve' | 'deny';
}

/** Once more what exactly is approved, before it is. */
export function ApprovalQuestion({ approval, verdict, onClose }: Answer & { onClose: () => void }): JSX.Element {
  const act = useAct();
  const { id, user, server, tool, about } = approval;
  const what = [server, tool || about].filter((part) => part !== '').join('/');
  const isApproval = verdict === 'approve';
  const answer = async (reason: string): Promise<boolean> => {
    const done = `${isApproval ? 'Approved' : 'Denied'}: ${what} for ${user}`;
    const isDone = await act.run(`approvals/${encodeURIComponent(id)}/${verdict}`, JSON.stringify({ reason }), done);
    if (isDone) onClose();
    return isDone;
  };
  return (
    <Question
      title={isApproval ? `Let ${user} use ${what}?` : `Refuse ${what} to ${user}?`}
      deed={isApproval ? 'Approve this call' : 'Deny this call'}
      tone={isApproval ? 'allow' : 'deny'}
      note="Note for the record"
      needsNote={false}
      draft={`approval/${id}`}
      isBusy={act.isBusy}
      failure={act.failure}
      onYes={answer}
      onNo={onClose}
    >
      <JsonView value={approval.arguments} label="Exactly these arguments" />
    </Question>
  );
}
