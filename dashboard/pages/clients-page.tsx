import type { JSX } from 'preact';
import type { ClientsView } from '../../src/dashboard/api-connected.ts';
import { Badge, type Tone } from '../parts/badge.tsx';
import { Command } from '../parts/command.tsx';
import { Empty } from '../parts/empty.tsx';
import type { IconName } from '../parts/icon.tsx';
import { Page } from '../parts/page.tsx';
import { Shown } from '../parts/shown.tsx';
import { Time } from '../parts/time.tsx';
import { useLoad } from '../state/load.ts';
import { CLIENT_STATE_WORDS } from '../words/plain.ts';

type Client = ClientsView['clients'][number];

const LOOKS: Readonly<Record<Client['state'], { tone: Tone; icon: IconName; order: number }>> = {
  bypasses: { tone: 'deny', icon: 'warn', order: 0 },
  broken: { tone: 'deny', icon: 'deny', order: 1 },
  not_connected: { tone: 'pending', icon: 'pending', order: 2 },
  connected: { tone: 'allow', icon: 'allow', order: 3 },
  not_found: { tone: 'plain', icon: 'clients', order: 4 },
};

/** Who goes through the gateway, and who goes past it. */
export function ClientsPage(): JSX.Element {
  const loaded = useLoad<ClientsView>('clients');
  return (
    <Page
      title="Clients"
      about="Programs on this machine that use MCP servers. Only what goes through the gateway is decided and recorded."
    >
      <Shown loaded={loaded}>
        {({ clients }) =>
          clients.length === 0 ? (
            <Empty title="No client was found on this machine">
              <p>
                Install one, such as Claude Desktop, Cursor or VS Code, then run <Command line="mcp-gateway connect" />
              </p>
            </Empty>
          ) : (
            <ul class="tiles">
              {clients
                .toSorted((one, other) => LOOKS[one.state].order - LOOKS[other.state].order)
                .map((client) => (
                  <ClientTile key={client.id} client={client} />
                ))}
            </ul>
          )
        }
      </Shown>
    </Page>
  );
}

function ClientTile({ client: { name, state, file, direct, lastSeen, recipe } }: { client: Client }): JSX.Element {
  return (
    <li class="card">
      <div class="card-head">
        <h2>{name}</h2>
        <Badge {...LOOKS[state]}>{CLIENT_STATE_WORDS[state]}</Badge>
      </div>
      {direct.length > 0 && (
        <p>
          Starts past the gateway, so nobody decides and nothing is recorded: <strong>{direct.join(', ')}</strong>
        </p>
      )}
      {state === 'connected' && (
        <p>
          Last call <Time at={lastSeen} />
        </p>
      )}
      {file !== '' && <p class="muted path">{file}</p>}
      {state !== 'connected' && <Command line={recipe} />}
    </li>
  );
}
