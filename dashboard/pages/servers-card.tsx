import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ServerView, ToolView } from '../../src/dashboard/api-connected.ts';
import { Badge } from '../parts/badge.tsx';
import { Card } from '../parts/card.tsx';
import { Time } from '../parts/time.tsx';
import { may } from '../state/session.ts';
import { countOf, counted } from '../words/numbers.ts';
import { AcceptQuestion } from './servers-accept.tsx';
import { ToolDrift } from './servers-drift.tsx';
import { ToolsTable } from './servers-tools-table.tsx';

/** One server: how it is reached, how it fares, what has changed, and its tools. */
export function ServerCard({ server, again }: { server: ServerView; again: () => void }): JSX.Element {
  const [wanted, setWanted] = useState<readonly ToolView[]>();
  const drifted = server.tools.filter(({ state }) => state === 'new' || state === 'changed' || state === 'gone');
  const close = (): void => {
    setWanted(undefined);
    again();
  };
  return (
    <Card title={server.id} wide aside={<State drifted={drifted.length} server={server} />}>
      <ServerFacts server={server} />
      {server.lastError !== '' && (
        <p class="muted">
          Last said: <code>{server.lastError}</code>
        </p>
      )}
      {drifted.map((tool) => (
        <ToolDrift key={tool.name} tool={tool} onAccept={may('change') ? () => setWanted([tool]) : undefined} />
      ))}
      {drifted.length > 1 && may('change') && (
        <p>
          <button type="button" onClick={() => setWanted(drifted)}>
            Accept all {drifted.length} …
          </button>
        </p>
      )}
      <details class="more" open={drifted.length === 0 && server.tools.length <= 8}>
        <summary>
          {countOf(server.tools.length, 'tool')}, about {counted(tokensOf(server))} tokens in every conversation
        </summary>
        <ToolsTable server={server} />
      </details>
      {wanted !== undefined && <AcceptQuestion server={server.id} tools={wanted} onClose={close} />}
    </Card>
  );
}

function tokensOf({ tools }: ServerView): number {
  return tools.reduce((sum, { tokens }) => sum + tokens, 0);
}

function State({ drifted, server }: { drifted: number; server: ServerView }): JSX.Element {
  if (drifted > 0) {
    return (
      <Badge tone="pending" icon="warn">
        {countOf(drifted, 'tool')} to look at
      </Badge>
    );
  }
  if (server.lastError !== '' && server.tools.length === 0) {
    return (
      <Badge tone="deny" icon="deny">
        Not running
      </Badge>
    );
  }
  return (
    <Badge tone="allow" icon="allow">
      As accepted
    </Badge>
  );
}

function ServerFacts({ server }: { server: ServerView }): JSX.Element {
  const { transport, at, package: from, policy, signIn, lastCall } = server;
  const facts = Object.entries({ 'Reached by': transport, Package: from, Policy: policy, 'Sign-in': signIn });
  return (
    <dl class="pairs pairs--facts">
      {facts
        .filter(([, value]) => value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {value} {name === 'Reached by' && at !== '' && <code class="muted">{at}</code>}
            </dd>
          </div>
        ))}
      <div>
        <dt>Last call</dt>
        <dd>{lastCall === null ? <span class="muted">never</span> : <Time at={lastCall.time} />}</dd>
      </div>
    </dl>
  );
}
