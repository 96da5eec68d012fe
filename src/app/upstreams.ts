import type { AppOptions } from './options.ts';
import type { FoundServer } from './servers.ts';
import type { Store } from '../state/store.ts';
import type { Telemetry } from '../telemetry/start.ts';
import type { InstanceHost } from '../upstream/instance-host.ts';
import type { ServerLogs } from '../upstream/server-log.ts';
import type { SignIns } from '../upstream/sign-ins.ts';
import { Upstreams } from '../upstream/upstreams.ts';

interface UpstreamParts {
  readonly store: Store;
  readonly signIns: SignIns;
  readonly logs: ServerLogs;
  readonly instanceHost: InstanceHost;
  readonly telemetry: Promise<Telemetry | undefined> | undefined;
}

/** The servers behind the gateway; each is started when it is needed. */
export function openUpstreams(
  found: readonly FoundServer[],
  { store, signIns, logs, instanceHost, telemetry }: UpstreamParts,
  { version, host, clock, logger, config }: AppOptions,
): Upstreams {
  return new Upstreams(
    found.map(({ definition }) => definition),
    {
      version,
      host,
      clock,
      logger,
      instanceHost,
      onRestarted: (server) => void telemetry?.then((it) => it?.observer.restarted(server)),
      onSessionEnded: (server, session) =>
        void telemetry?.then((it) => it?.observer.serverSessionEnded(server, session)),
      maxMessageBytes: config.gateway.limits.resultBytes,
      memory: {
        read: (server) => store.catalog.readFact(server, SERVER_FACTS),
        write: (server, facts) => store.catalog.writeFact(server, SERVER_FACTS, facts),
      },
      onErrorLine: (server, line) => logs.add(server, line),
      authorizerFor: (server, principal) => signIns.authorizerFor(server, principal),
    },
  );
}

/** Under which name it is remembered what a server says of itself and in which eras it can be spoken with. */
const SERVER_FACTS = 'server';
