import { signInsFor } from '../app/sign-ins.ts';
import type { Config } from '../config/paths.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import { isServerId, type ServerId } from '../core/names.ts';
import type { Lease } from '../upstream/sign-in.ts';
import type { SignIns } from '../upstream/sign-ins.ts';
import type { CommandContext } from './context.ts';
import { stderrLogger } from './log.ts';

export const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** The sign-ins that a command shares with the gateways of the same home, for the user who runs it. */
export function signInsOf({ environment }: CommandContext, config: Config, withLease: Lease): SignIns {
  const owner = config.gateway.principal.user.id ?? environment.user;
  return signInsFor(config, { home: environment.home, owner, withLease, clock, logger: stderrLogger('warn') });
}

export function knownServer(config: Config, id: string): ServerId {
  if (isServerId(id) && Object.hasOwn(config.mcpServers, id)) return id;
  throw new GatewayError('USAGE', `there is no server "${id}" in the configuration`, {
    mend: `It has ${Object.keys(config.mcpServers).join(', ') || 'none'}.`,
  });
}
