import type { JSX } from 'preact';
import type { AgentsView } from '../../src/dashboard/api-connected.ts';
import { Empty } from '../parts/empty.tsx';
import { Page } from '../parts/page.tsx';
import { Shown } from '../parts/shown.tsx';
import { Table } from '../parts/table.tsx';
import { Time } from '../parts/time.tsx';
import { useLoad } from '../state/load.ts';
import { hrefToDecisions } from '../words/addresses.ts';
import { counted, percent } from '../words/numbers.ts';

type Agent = AgentsView['agents'][number];

const HEAD = ['Agent', 'May reach', 'Owner', 'Calls', 'Denied', 'Last seen'];

/** Who asks, what each may reach, and what it did with that. */
export function AgentsPage(): JSX.Element {
  const loaded = useLoad<AgentsView>('agents');
  return (
    <Page title="Agents" about="Who asks for tools, what each of them may reach at most, and how often it was refused.">
      <Shown loaded={loaded}>
        {({ agents }) =>
          agents.length === 0 ? (
            <Empty title="No agent has been named or seen">
              <p>
                Name agents in <code>mcp-gateway.yaml</code> under <code>agents</code>, each with what it may reach. Who
                is not named appears here with its first call.
              </p>
            </Empty>
          ) : (
            <Table caption="Agents" head={HEAD} stacks>
              {agents.map((agent) => (
                <AgentRow key={agent.id} agent={agent} />
              ))}
            </Table>
          )
        }
      </Shown>
    </Page>
  );
}

function AgentRow({ agent }: { agent: Agent }): JSX.Element {
  const { id, scope, owner, parent, servers, tools, calls, denied, lastSeen } = agent;
  const reach = [...servers.map((server) => `all of ${server}`), ...tools];
  return (
    <tr>
      <th scope="row">
        {id}
        <span class="under">
          {scope}
          {parent !== '' && ` · on behalf of ${parent}`}
        </span>
      </th>
      <td data-label="May reach">{reach.length === 0 ? 'whatever the policies allow' : reach.join(', ')}</td>
      <td data-label="Owner">{owner === '' ? <span class="muted">nobody</span> : owner}</td>
      <td data-label="Calls" class="number">
        <a href={hrefToDecisions({ agent: id })}>{counted(calls)}</a>
      </td>
      <td data-label="Denied" class="number">
        <a href={hrefToDecisions({ agent: id, effect: 'deny' })}>{counted(denied)}</a>
        {calls > 0 && <span class="under">{percent(denied / calls)}</span>}
      </td>
      <td data-label="Last seen">
        <Time at={lastSeen} />
      </td>
    </tr>
  );
}
