import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { CaseView } from '../../src/dashboard/api.ts';
import { Card } from '../parts/card.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Shown } from '../parts/shown.tsx';
import { useLoad } from '../state/load.ts';

/** The decision as a case that `policy test` holds every later policy to. */
export function DecisionCase({ id }: { id: string }): JSX.Element {
  const [isWanted, setWanted] = useState(false);
  return (
    <Card
      title="Keep it this way"
      about="Make a test of this decision: any later policy that decides it otherwise fails the test before it is in force."
      wide
    >
      {isWanted ? (
        <Case id={id} />
      ) : (
        <button type="button" onClick={() => setWanted(true)}>
          Make a test of it
        </button>
      )}
    </Card>
  );
}

function Case({ id }: { id: string }): JSX.Element {
  const loaded = useLoad<CaseView>(`decisions/${encodeURIComponent(id)}/case`);
  return (
    <Shown loaded={loaded}>
      {({ file, text }) => (
        <>
          <p>
            Put this into <code>{file}</code>, then run <code>mcp-gateway policy test</code>.{' '}
            <CopyButton text={text} what="the test" />
          </p>
          <pre class="code" tabIndex={0} role="group" aria-label="The test">
            {text}
          </pre>
        </>
      )}
    </Shown>
  );
}
