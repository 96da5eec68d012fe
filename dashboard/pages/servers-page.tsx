import type { JSX } from 'preact';
import type { ServersView } from '../../src/dashboard/api-connected.ts';
import { Command } from '../parts/command.tsx';
import { Empty } from '../parts/empty.tsx';
import { Page } from '../parts/page.tsx';
import { Shown } from '../parts/shown.tsx';
import { useLoad } from '../state/load.ts';
import { ServerCard } from './servers-card.tsx';

/** What stands behind the gateway, and whether it is still what was accepted. */
export function ServersPage(): JSX.Element {
  const loaded = useLoad<ServersView>('servers');
  return (
    <Page
      title="Servers and tools"
      about="A tool that is not what was accepted any more is held back until somebody looks at what changed."
    >
      <Shown loaded={loaded}>
        {({ servers }) =>
          servers.length === 0 ? (
            <Empty title="No server is configured">
              <p>
                Add one: <Command line="mcp-gateway server add" /> or take over those of your clients:{' '}
                <Command line="mcp-gateway init" />
              </p>
            </Empty>
          ) : (
            <>
              {servers.map((server) => (
                <ServerCard key={server.id} server={server} again={loaded.again} />
              ))}
            </>
          )
        }
      </Shown>
    </Page>
  );
}
