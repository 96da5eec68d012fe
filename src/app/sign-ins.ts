import type { AppOptions } from './options.ts';
import type { Config } from '../config/paths.ts';
import { isServerId } from '../core/names.ts';
import type { Store } from '../state/store.ts';
import type { SignInServer } from '../upstream/sign-in.ts';
import { SignIns, type SignInsOptions } from '../upstream/sign-ins.ts';

/** The sign-ins of a gateway; it renews them under leases of its store. */
export function openSignIns(store: Store, { config, home, owner, clock, logger }: AppOptions): SignIns {
  return signInsFor(config, { home, owner, withLease: store.withLease, clock, logger });
}

/** The sign-ins at all configured servers that are reached over HTTP. Gateways and commands share them through the home folder. */
export function signInsFor(config: Config, options: SignInsOptions): SignIns {
  return new SignIns(signInServers(config), options);
}

function signInServers(config: Config): readonly SignInServer[] {
  return Object.entries(config.mcpServers).flatMap(([id, { transport, instance, credentials }]) =>
    transport.kind === 'stdio' || !isServerId(id)
      ? []
      : [
          {
            id,
            url: new URL(transport.url),
            headers: transport.headers,
            isShared: instance === 'gateway',
            credentials,
          },
        ],
  );
}
