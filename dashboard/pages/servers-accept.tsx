import type { JSX } from 'preact';
import type { ToolView } from '../../src/dashboard/api-connected.ts';
import { Question } from '../parts/question.tsx';
import { useAct } from '../state/act.ts';
import { countOf } from '../words/numbers.ts';

interface AcceptQuestionProps {
  readonly server: string;
  readonly tools: readonly ToolView[];
  readonly onClose: () => void;
}

/** From then on the tools are held to what they are now. */
export function AcceptQuestion({ server, tools, onClose }: AcceptQuestionProps): JSX.Element {
  const act = useAct();
  const names = tools.map(({ name }) => name);
  const accept = async (reason: string): Promise<boolean> => {
    const isDone = await act.run(
      `servers/${encodeURIComponent(server)}/approve`,
      JSON.stringify({ tools: names, reason }),
      `Accepted: ${names.join(', ')}`,
    );
    if (isDone) onClose();
    return isDone;
  };
  return (
    <Question
      title={`Accept ${countOf(names.length, 'tool')} of ${server} as ${names.length === 1 ? 'it is' : 'they are'} now?`}
      deed="Accept"
      tone="allow"
      note="Why, for the record"
      needsNote
      draft={`accept/${server}`}
      isBusy={act.isBusy}
      failure={act.failure}
      onYes={accept}
      onNo={onClose}
    >
      <p>
        Agents can use {names.join(', ')} at once, and {names.length === 1 ? 'it is' : 'they are'} held to this from now
        on.
      </p>
    </Question>
  );
}
